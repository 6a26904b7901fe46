import type { Bench } from './bench.ts';

/** The figures of one subject, one sample per round. */
export interface Series {
  readonly subject: string;
  /** The case, if there are several: the number of connections, jobs or files. */
  readonly at?: string | number;
  readonly unit: string;
  readonly samples: readonly number[];
}

/** A figure to reach. Ratios are taken per round, so that a disturbance affects both sides. */
export interface Goal {
  readonly what: string;
  readonly unit: 'times' | (string & {});
  readonly samples: readonly number[];
  /** Without `atLeast` and `atMost` the figure is only reported. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Figures and notes of one measurement. */
export interface MeasurementOutcome {
  readonly series: readonly Series[];
  readonly goals: readonly Goal[];
  /** Notes that a reader needs to understand the figures, a sentence or two each. */
  readonly notes: readonly string[];
}

export interface Measurement {
  readonly number: number;
  /** Name on the command line. */
  readonly name: string;
  readonly title: string;
  readonly run: (bench: Bench) => Promise<MeasurementOutcome>;
}

/** Runs every subject once per round, alternating the order, so that drift of the machine affects all equally. */
export const interleave = async <Subject extends string>(
  rounds: number,
  subjects: Readonly<Record<Subject, () => number | Promise<number>>>,
): Promise<Record<Subject, number[]>> => {
  const names = Object.keys(subjects) as Subject[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Subject, number[]>;
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) samples[name].push(await subjects[name]());
  return samples;
};

/** Divides the samples of each round. */
export const ratio = (dividend: readonly number[], divisor: readonly number[]): number[] =>
  dividend.map((value, index) => value / (divisor[index] as number));

/** Returns the CPU time of this process for a call, in milliseconds. Other programs on the machine do not count. */
export const cpuTime = async (call: () => unknown): Promise<number> => {
  const start = process.cpuUsage();
  await call();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
};

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const summarise = (samples: readonly number[]): Summary => {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] as number;
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) };
};

/** Returns whether the median reaches the goal; `undefined` if the figure is only reported. */
export const isMet = ({ samples, atLeast, atMost }: Goal): boolean | undefined => {
  if (atLeast === undefined && atMost === undefined) return undefined;
  const { median } = summarise(samples);
  return median >= (atLeast ?? -Infinity) && median <= (atMost ?? Infinity);
};
