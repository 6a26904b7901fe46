import { expect, test } from '@jest/globals';
import { ResponseMemory } from './memory.ts';

test('a user can hold memory up to a limit, and others have the rest', () => {
  const memory = new ResponseMemory({ perUser: 10, total: 15 });
  const release = memory.hold('alice', 10);
  expect(() => memory.hold('alice', 1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  expect(memory.tryHold('alice', 1)).toBeUndefined();
  memory.hold('bob', 5);
  expect(memory.tryHold('carol', 1)).toBeUndefined();
  release();
  expect(memory.tryHold('alice', 10)).toBeDefined();
});

test('memory that was not available is not held', () => {
  const memory = new ResponseMemory({ perUser: 10, total: 10 });
  for (let time = 0; time < 3; time++) expect(memory.tryHold('alice', 11)).toBeUndefined();
  expect(memory.tryHold('alice', 10)).toBeDefined();
});
