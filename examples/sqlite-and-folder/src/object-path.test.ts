import { resolve, sep } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { folderPath, objectPath } from './object-path.ts';

const ROOT = resolve('/objects');

/** Keys with segments that are special in paths, and with any others. */
const keys = fc
  .array(
    fc.oneof(
      fc.constantFrom('.', '..', '', 'CON', 'a', 'A', '+a', '=a', '~a', '%2e', '%2E%2E', 'a'.repeat(600), '\u0000'),
      fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('/')),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((segments) => segments.join('/'));

test('objectPath marks folders with + and files with =', () => {
  expect(objectPath('alice/1/photo.png')).toBe(['+alice', '+1', '=photo.png'].join(sep));
  expect(objectPath('Zoë/1/results/photo.png.json')).toBe(
    ['+%5ao%c3%ab', '+1', '+results', '=photo.png.json'].join(sep),
  );
});

test.each(['../../etc/passwd', '/etc/passwd', '..', '.', '', 'alice/1/../../bob/1/photo.png', 'a\\..\\..\\b', 'a\0/b'])(
  'objectPath of %j stays in the folder',
  (key) => {
    expect(resolve(ROOT, objectPath(key)).startsWith(ROOT + sep)).toBe(true);
    expect(objectPath(key)).not.toMatch(/[\0\\]/);
  },
);

test('objectPath of any key stays in the folder and has no name that is too long', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const path = objectPath(key);
      expect(resolve(ROOT, path)).toBe(ROOT + sep + path);
      for (const name of path.split(sep)) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).toMatch(/^[+=~][a-z0-9._%-]*$/);
      }
    }),
  );
});

test('objectPath of two keys differs, ignoring case, and neither path is a folder of the other', () => {
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      fc.pre(one !== other);
      const [path, otherPath] = [objectPath(one).toLowerCase(), objectPath(other).toLowerCase()];
      expect(path).not.toBe(otherPath);
      expect(path.startsWith(otherPath + sep)).toBe(false);
    }),
  );
});

test('folderPath contains the objects whose key starts with the prefix, and no others', () => {
  fc.assert(
    fc.property(keys, keys, (prefix, key) => {
      expect(objectPath(`${prefix}/${key}`).startsWith(folderPath(`${prefix}/`) + sep)).toBe(true);
      if (!key.startsWith(`${prefix}/`)) expect(objectPath(key).startsWith(folderPath(`${prefix}/`) + sep)).toBe(false);
    }),
  );
});
