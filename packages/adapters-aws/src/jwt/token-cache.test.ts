import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parseUserId } from '@jobs-api/core';
import { LRUCache } from 'lru-cache';
import { TokenCache } from './token-cache.ts';

const NOW = 1_700_000_000;
const LEEWAY = 30;
const alice = parseUserId('alice');
const good = { userId: alice, exp: NOW + 60, nbf: undefined };
const keySet = new Map();

let time: number;
let cache: TokenCache;

beforeEach(() => {
  time = NOW;
  jest.spyOn(Date, 'now').mockImplementation(() => time * 1000);
  cache = new TokenCache();
  cache.find('', keySet);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('TokenCache', () => {
  test('returns the user of a token that was added', () => {
    const bob = parseUserId('bob');
    cache.add('a.b.c', keySet, good);
    cache.add('a.b.d', keySet, { ...good, userId: bob });
    expect(cache.find('a.b.c', keySet)).toBe(alice);
    expect(cache.find('a.b.d', keySet)).toBe(bob);
  });

  test.each(['', 'a', 'a.b', 'a.b.', 'x.b.c', 'a.x.c', 'a.b.x', 'a.b.c ', 'A.b.c'])(
    'finds a token by its whole text: not with %j in place of another character',
    (token) => {
      cache.add('a.b.c', keySet, good);
      expect(cache.find(token, keySet)).toBeUndefined();
    },
  );

  test('keeps the SHA-256 of a token, its user id and its times', () => {
    const set = jest.spyOn(LRUCache.prototype, 'set');
    const token = 'header.payload.signature';
    cache.add(token, keySet, { ...good, nbf: NOW });
    const digest = createHash('sha256').update(token).digest('base64url');
    expect(set.mock.calls).toEqual([[digest, { userId: alice, exp: NOW + 60, nbf: NOW }]]);
  });

  test('keeps the 10,000 tokens that were used last', () => {
    for (let index = 0; index < 10_000; index++) cache.add(`token ${index}`, keySet, good);
    expect(cache.find('token 0', keySet)).toBe(alice);
    cache.add('one more', keySet, good);
    expect(cache.find('one more', keySet)).toBe(alice);
    expect(cache.find('token 0', keySet)).toBe(alice);
    expect(cache.find('token 1', keySet)).toBeUndefined();
    expect(cache.find('token 2', keySet)).toBe(alice);
  });

  test.each([
    ['30 s after its exp', { exp: NOW, nbf: undefined }, NOW + LEEWAY, NOW + LEEWAY + 0.001],
    ['30 s before its nbf', { exp: NOW + 60, nbf: NOW }, NOW - LEEWAY, NOW - LEEWAY - 0.001],
  ])('returns a token until %s, and no longer', (_, times, lastGood, firstBad) => {
    cache.add('token', keySet, { ...good, ...times });
    time = lastGood;
    expect(cache.find('token', keySet)).toBe(alice);
    time = firstBad;
    expect(cache.find('token', keySet)).toBeUndefined();
    time = lastGood;
    expect(cache.find('token', keySet)).toBe(alice);
  });

  test('is cleared when there are other keys', () => {
    cache.add('token', keySet, good);
    expect(cache.find('token', new Map())).toBeUndefined();
    expect(cache.find('token', keySet)).toBeUndefined();
  });

  test('does not keep a token that was verified while the keys changed', () => {
    const next = new Map();
    expect(cache.find('token', keySet)).toBeUndefined();
    cache.find('another', next);
    cache.add('token', keySet, good);
    expect(cache.find('token', next)).toBeUndefined();
  });
});
