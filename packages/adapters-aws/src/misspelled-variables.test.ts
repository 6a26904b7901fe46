import { expect, test } from '@jest/globals';
import { misspelledVariables } from './misspelled-variables.ts';

const names = ['CORS_ORIGINS', 'JOBS_TABLE', 'PORT', 'DOCS'];

test.each([
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['CORS_ORIGINSS', 'CORS_ORIGINS'],
  ['CORS-ORIGINS', 'CORS_ORIGINS'],
  ['CORS_ORIGNIS', 'CORS_ORIGINS'],
  ['OBS_TABLE', 'JOBS_TABLE'],
  ['PROT', 'PORT'],
])('the variable %s is one edit away from %s, and is reported', (name, meant) => {
  expect(misspelledVariables({ [name]: 'x', PORT: '3000' }, names)).toEqual([
    `${name} is not a variable of this service. Is ${meant} meant?`,
  ]);
});

test.each(['PORT', 'SPORTS', 'PATH', 'CORS_ORIGI', 'TABLE', 'TROP', ''])('the variable %j is not reported', (name) => {
  expect(misspelledVariables({ [name]: 'x' }, names)).toEqual([]);
});

test('an empty variable is not reported', () => {
  expect(misspelledVariables({ CORS_ORIGIN: '', DOC: undefined }, names)).toEqual([]);
});
