import { expect, test } from '@jest/globals';
import { savedName } from './saved-name.ts';

test.each([
  ['attachment; filename="holiday.png"', 'holiday.png'],
  ['attachment; filename=holiday.png', 'holiday.png'],
  ['ATTACHMENT;FILENAME="holiday.png"', 'holiday.png'],
  ['attachment; filename = "a \\"b\\".png"', 'a "b".png'],
  ["attachment; filename*=UTF-8''holiday.png", 'holiday.png'],
  ["attachment; filename*=utf-8'en'%C3%9Cbermut.png", 'Übermut.png'],
  ["attachment; filename*=ISO-8859-1''%DCbermut.png", 'Übermut.png'],
  ['attachment; filename="Ubermut.png"; filename*=UTF-8\'\'%C3%9Cbermut.png', 'Übermut.png'],
  ['attachment; filename*=UTF-8\'\'%C3%9Cbermut.png; filename="Ubermut.png"', 'Übermut.png'],
  ['attachment', undefined],
  ['inline; filename="holiday.png"', undefined],
  [null, undefined],
])('savedName of %s is %s', (header, name) => {
  expect(savedName(header)).toBe(name);
});
