import { describe, expect, test } from '@jest/globals';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { parseUserId } from '@jobs-api/core';
import fc from 'fast-check';
import { readJob, readSummary, type JobItem } from './job-item.ts';

const alice = parseUserId('alice');
const key = { userId: { S: 'alice' }, jobId: { N: '7' } };

const unreadable = (problem: string) =>
  expect.objectContaining({ code: 'UNREADABLE_JOB', userId: 'alice', message: expect.stringContaining(problem) });

describe('readJob', () => {
  test('reads every attribute', () => {
    const item = {
      ...key,
      jobName: { S: 'Holiday' },
      date: { S: '2020-01-01 12:00:00.000000000 UTC' },
      contentLength: { N: '5020' },
      creditsSpent: { N: '2' },
      email: { S: 'alice@example.com' },
      objectUuidNames: { M: { 'a.png': { S: 'beach.png' }, 'b.wav': { S: '' } } },
      mediaLength: { M: { 'a.png': { N: '1' }, 'b.wav': { S: '12.5' }, 'c.mov': { N: '1.5e3' } } },
      failedToProcess: { M: { 'b.wav': { S: 'silence' } } },
      status: { S: 'processing...45%' },
      filesPath: { S: 'mallory/1' },
      uploadIds: { L: [{ S: 'x' }] },
    };
    expect(readJob(alice, item)).toEqual({
      userId: 'alice',
      jobId: 7,
      jobName: 'Holiday',
      date: '2020-01-01 12:00:00.000000000 UTC',
      totalSize: 5020,
      creditsSpent: 2,
      email: 'alice@example.com',
      objectUuidNames: { 'a.png': 'beach.png', 'b.wav': '' },
      mediaLength: { 'a.png': 1, 'b.wav': 12.5, 'c.mov': 1500 },
      failedToProcess: { 'b.wav': 'silence' },
      status: {
        code: 'processing',
        meaning: 'Job is being processed (45% done)',
        hasResults: false,
        isFinished: false,
        progressPercent: 45,
      },
    });
  });

  test('returns neutral values for missing attributes', () => {
    expect(readJob(alice, key)).toEqual({
      userId: 'alice',
      jobId: 7,
      jobName: null,
      date: null,
      totalSize: 0,
      creditsSpent: 0,
      email: null,
      objectUuidNames: {},
      mediaLength: {},
      failedToProcess: {},
      status: { code: 'unknown', meaning: 'Unknown status', hasResults: false, isFinished: false },
    });
  });

  test('reads NULL as missing, in maps too', () => {
    const NULL = { NULL: true as const };
    const attributes = ['jobName', 'date', 'contentLength', 'creditsSpent', 'email', 'status'];
    const maps = ['objectUuidNames', 'mediaLength', 'failedToProcess'];
    const none = Object.fromEntries([...attributes, ...maps].map((name) => [name, NULL]));
    expect(readJob(alice, { ...key, ...none })).toEqual(readJob(alice, key));
    const emptied = Object.fromEntries(maps.map((name) => [name, { M: { 'a.png': NULL } }]));
    expect(readJob(alice, { ...key, ...emptied })).toEqual(readJob(alice, key));
  });

  test.each(['0', '0.5', '1.5e3', '9007199254740992', '123456789.25'])('reads %s credits', (N) => {
    expect(readJob(alice, { ...key, creditsSpent: { N } }).creditsSpent).toBe(Number(N));
  });

  const wrong: [string, AttributeValue[]][] = [
    ['jobName', [{ N: '1' }, { BOOL: true }, { L: [] }, { M: {} }]],
    ['date', [{ N: '1' }, { SS: ['x'] }]],
    ['email', [{ N: '1' }, { B: new Uint8Array(1) }]],
    ['status', [{ N: '1' }, { BOOL: false }]],
    ['contentLength', [{ S: '1' }, ...['-1', '1.5', '9007199254740992', '1e3', ''].map((N) => ({ N }))]],
    ['creditsSpent', [{ S: '1' }, ...['-1', '-0.5', '1e400', 'NaN', ''].map((N) => ({ N }))]],
    ['objectUuidNames', [{ S: 'x' }, { L: [] }, { M: { a: { N: '1' } } }, { M: { a: { S: 'x' }, b: { BOOL: true } } }]],
    ['failedToProcess', [{ SS: ['a'] }, { M: { a: { BOOL: true } } }]],
    [
      'mediaLength',
      [
        { N: '1' },
        ...['-1', '', ' 1', '0x1', 'one', 'Infinity', 'NaN', '1e400', '1,5'].map((S) => ({ M: { a: { S } } })),
        ...['-1', '-0.5', '1e400'].map((N) => ({ M: { a: { N } } })),
        { M: { a: { L: [] } } },
      ],
    ],
  ];

  test.each(wrong.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'rejects an item whose %s is %j',
    (name, value) => {
      expect(() => readJob(alice, { ...key, [name]: value })).toThrow(unreadable(`${name} is not`));
    },
  );

  // DynamoDB never sends these. A faulty proxy or a compatible server may.
  test.each(
    ['jobName', 'date', 'email', 'status', 'contentLength', 'creditsSpent', 'objectUuidNames', 'mediaLength'].flatMap(
      (name) => [null, { S: 5 }, { S: {} }, { S: null }, { M: null }, { M: { a: null } }].map((value) => [name, value]),
    ),
  )('rejects an item whose %s is %j, which is not an attribute of DynamoDB', (name, value) => {
    const item = { ...key, [name as string]: value } as unknown as JobItem;
    expect(() => readJob(alice, item)).toThrow(unreadable(`${name as string} is not`));
  });

  test.each<[string, AttributeValue | undefined]>([
    ...['0', '-1', '1.5', '01', '9007199254740992', '1e3'].map((N): [string, AttributeValue] => [N, { N }]),
    ['a string', { S: '7' }],
    ['missing', undefined],
  ])('rejects an item whose jobId is %s', (_, value) => {
    const item = value ? { ...key, jobId: value } : { userId: key.userId };
    expect(() => readJob(alice, item)).toThrow(unreadable('jobId is not'));
  });

  test('keeps file names such as __proto__ and constructor', () => {
    const objectUuidNames = {
      M: Object.fromEntries([
        ['constructor', { S: 'x' }],
        ['__proto__', { S: 'y' }],
      ]),
    };
    expect(Object.entries(readJob(alice, { ...key, objectUuidNames }).objectUuidNames)).toEqual([
      ['constructor', 'x'],
      ['__proto__', 'y'],
    ]);
  });

  test('reads any item or throws UnreadableJob', () => {
    const names = [
      'jobId',
      'jobName',
      'date',
      'contentLength',
      'creditsSpent',
      'email',
      'objectUuidNames',
      'mediaLength',
    ];
    const { attribute } = fc.letrec<{ attribute: AttributeValue }>((tie) => ({
      attribute: fc.oneof(
        { maxDepth: 2 },
        fc.record({ S: fc.string() }),
        fc.record({ N: fc.oneof(fc.nat().map(String), fc.double().map(String)) }),
        fc.constant({ NULL: true as const }),
        fc.record({ M: fc.dictionary(fc.string(), tie('attribute')) }),
        fc.record({ L: fc.array(tie('attribute')) }),
        fc.jsonValue() as fc.Arbitrary<unknown> as fc.Arbitrary<AttributeValue>,
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names, 'failedToProcess', 'status'), attribute), (item) => {
        try {
          JSON.stringify(readJob(alice, item));
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNREADABLE_JOB' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('readSummary', () => {
  test('reads what a list shows when other attributes are unreadable', () => {
    expect(
      readSummary(alice, { ...key, jobName: { S: 'Holiday' }, email: { N: '1' }, mediaLength: { S: 'x' } }),
    ).toEqual({
      jobId: 7,
      jobName: 'Holiday',
      date: null,
      totalSize: 0,
      creditsSpent: 0,
      status: { code: 'unknown', meaning: 'Unknown status', hasResults: false, isFinished: false },
    });
  });
});
