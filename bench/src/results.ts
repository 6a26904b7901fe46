import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Measurement, Outcome } from './measurement.ts';

/** The outcome of a measurement, or why it failed. */
export type Result = Pick<Measurement, 'number' | 'name' | 'title'> & {
  /** Date, version of Node, processor. */
  readonly measured: string;
} & ({ readonly outcome: Outcome; readonly failure?: never } | { readonly outcome?: never; readonly failure: string });

export const describeMachine = (): string => {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}`;
};

/** Rounds figures to five digits: more are noise. */
export const toJson = (results: readonly Result[]): string =>
  JSON.stringify(results, (_name, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(5)) : value,
  );

export const readResults = async (file: string): Promise<readonly Result[]> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as readonly Result[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Replaces older results with newer ones of the same measurement number. */
export const merge = (older: readonly Result[], newer: readonly Result[]): readonly Result[] => {
  const byNumber = new Map([...older, ...newer].map((result) => [result.number, result]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
};
