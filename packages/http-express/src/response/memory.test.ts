import { expect, test } from '@jest/globals';
import { ResponseMemory } from './memory.ts';

test('ResponseMemory limits each user and the total, and says which limit was reached', () => {
  const memory = new ResponseMemory({ perUser: 10, total: 15 });
  const release = memory.hold('alice', 10);
  expect(() => memory.hold('alice', 1)).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE', message: 'responses to this user hold too much memory' }),
  );
  expect(memory.tryHold('alice', 1)).toBeUndefined();
  memory.hold('bob', 5);
  expect(memory.tryHold('carol', 1)).toBeUndefined();
  expect(() => memory.hold('carol', 1)).toThrow('responses to all users hold too much memory');
  release();
  expect(memory.tryHold('alice', 10)).toBeDefined();
});

test('ResponseMemory does not count bytes that it rejected', () => {
  const memory = new ResponseMemory({ perUser: 10, total: 10 });
  for (let time = 0; time < 3; time++) expect(memory.tryHold('alice', 11)).toBeUndefined();
  expect(memory.tryHold('alice', 10)).toBeDefined();
});
