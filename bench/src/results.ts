import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Measurement, MeasurementOutcome } from './measurement.ts';

/** When and on what something was measured. */
interface Circumstances {
  readonly day: string;
  /** Version of Node. */
  readonly node: string;
  readonly machine: string;
}

/** The outcome of a measurement on one version of Node, or why it failed. */
export type MeasurementResult = Pick<Measurement, 'number' | 'name' | 'title'> & {
  readonly measured: Circumstances;
} & (
    | { readonly outcome: MeasurementOutcome; readonly failure?: never }
    | { readonly outcome?: never; readonly failure: string }
  );

export const circumstances = (): Circumstances => {
  const [cpu] = cpus();
  return {
    day: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}`,
  };
};

/** Returns the release line of Node, such as 24. */
export const nodeLine = ({ measured }: Pick<MeasurementResult, 'measured'>): number => Number.parseInt(measured.node);

/** Returns results as JSON, with five digits of each figure: more are noise. */
export const toJson = (results: readonly MeasurementResult[]): string =>
  JSON.stringify(results, (_name, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(5)) : value,
  );

export const readResults = async (file: string): Promise<readonly MeasurementResult[]> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as readonly MeasurementResult[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Replaces older results with newer ones of the same measurement on the same release line of Node. */
export const merge = (
  older: readonly MeasurementResult[],
  newer: readonly MeasurementResult[],
): readonly MeasurementResult[] => {
  const byKey = new Map([...older, ...newer].map((result) => [`${result.number} ${nodeLine(result)}`, result]));
  return [...byKey.values()].sort((a, b) => a.number - b.number || nodeLine(a) - nodeLine(b));
};
