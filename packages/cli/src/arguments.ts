import { InvalidArgumentError } from 'commander';

/** Parses a job id, as strictly as the service does. */
export const jobId = (value: string): number => {
  const id = Number(value);
  if (!/^[1-9][0-9]*$/.test(value) || !Number.isSafeInteger(id))
    throw new InvalidArgumentError('A job id is a whole number from 1.');
  return id;
};

/** Parses a job id and adds it to a list. */
export const jobIds = (value: string, before: readonly number[] = []): number[] => [...before, jobId(value)];

/** Makes a parser of whole numbers in a range. */
export const wholeNumber =
  (least: number, most: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^[0-9]+$/.test(value) || number < least || number > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return number;
  };
