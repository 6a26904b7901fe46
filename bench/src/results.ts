import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Measurement, Outcome } from './measurement.ts';

/** What a measurement gave, or why it gave nothing. */
export type Result = Pick<Measurement, 'number' | 'name' | 'title'> & {
  /** Day, version of Node, processor. */
  readonly measured: string;
} & ({ readonly outcome: Outcome; readonly failure?: never } | { readonly outcome?: never; readonly failure: string });

export const describeMachine = (): string => {
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}`;
};

/** More digits than these are noise. */
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

/** The newer results in place of older ones of the same measurements, by number. */
export const merge = (older: readonly Result[], newer: readonly Result[]): readonly Result[] => {
  const byNumber = new Map([...older, ...newer].map((result) => [result.number, result]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
};
