import type { Bench } from './bench.ts';

/** What one subject took or gave, a sample a round. */
export interface Series {
  readonly subject: string;
  /** The case it was measured in, where there are several: how many connections, jobs, files. */
  readonly at?: string | number;
  readonly unit: string;
  readonly samples: readonly number[];
}

/** A figure that was to be reached; round by round, so that what disturbs a round disturbs both sides of a ratio. */
export interface Goal {
  readonly what: string;
  readonly unit: 'times' | (string & {});
  readonly samples: readonly number[];
  /** Without either it is only reported. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** `bars`: a bar for each subject and case. `lines`: over cases that are numbers, both axes logarithmic. */
export interface Chart {
  readonly kind: 'bars' | 'lines';
  /** Which series are drawn: those of this unit, and what the axis says. */
  readonly unit: string;
  /** What the cases are, for the axis. */
  readonly over?: string;
}

export interface Outcome {
  readonly series: readonly Series[];
  readonly goals: readonly Goal[];
  readonly chart: Chart;
  /** What a reader has to know to read the figures right, a sentence or two each. */
  readonly notes: readonly string[];
}

export interface Measurement {
  readonly number: number;
  /** For the command line and for file names. */
  readonly name: string;
  readonly title: string;
  readonly run: (bench: Bench) => Promise<Outcome>;
}

/** Runs every subject once a round, forwards and backwards in turn, so that drift of the machine hits all alike. */
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

/** One by the other, round by round. */
export const ratio = (dividend: readonly number[], divisor: readonly number[]): number[] =>
  dividend.map((value, index) => value / (divisor[index] as number));

/** Milliseconds of CPU time that this process uses for a call: other programs on the machine do not count. */
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

/** Whether the median reaches the goal, `undefined` where there is none to reach. */
export const isMet = ({ samples, atLeast, atMost }: Goal): boolean | undefined => {
  if (atLeast === undefined && atMost === undefined) return undefined;
  const { median } = summarise(samples);
  return median >= (atLeast ?? -Infinity) && median <= (atMost ?? Infinity);
};
