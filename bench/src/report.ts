import { format as prettify } from 'prettier';
import { isMet, summarise, type Goal, type Series } from './measurement.ts';
import { nodeLine, type MeasurementResult } from './results.ts';

/** Major version of Node that ships. Goals are for this version. */
const MAIN_LINE = 24;
/** Release lines that the page compares with it. */
const OTHER_LINES = [20, 26];

/** Rounds to three digits, to two below 0.1, or to a whole number. */
export const format = (value: number): string =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(Math.abs(value) < 0.1 ? 2 : 3)));

const times = (value: number, unit: string): string => (unit === 'times' ? `${format(value)}x` : format(value));

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const median = ({ unit, samples }: Pick<Goal, 'unit' | 'samples'>): string => times(summarise(samples).median, unit);

const figure = (goal: Goal): string => {
  const { min, max } = summarise(goal.samples);
  return median(goal) + (min === max ? '' : ` (${format(min)} – ${format(max)})`);
};

const verdict = (goal: Goal): string => {
  const { unit, atLeast, atMost } = goal;
  const wanted = [
    ...(atLeast === undefined ? [] : [`≥ ${times(atLeast, unit)}`]),
    ...(atMost === undefined ? [] : [`≤ ${times(atMost, unit)}`]),
  ].join(', ');
  return { true: `met: ${wanted}`, false: `missed: ${wanted}`, undefined: '' }[String(isMet(goal))] ?? '';
};

const subjectOf = ({ what, unit }: Goal): string =>
  unit === 'times' || what.includes(unit) ? what : `${what}, ${unit}`;

/** Largest number of series whose medians are listed. If there are more, they are in bench/results.json only. */
const MAX_SERIES = 12;

/** Returns the medians, in a sentence for each unit. */
const medians = (series: readonly Series[]): string[] => {
  if (series.length > MAX_SERIES) return [];
  const units = [...new Set(series.map(({ unit }) => unit))];
  const labelled = ({ subject, at, samples }: Series) =>
    `${subject}${at === undefined ? '' : `, ${typeof at === 'number' ? format(at) : at}`}: ${format(summarise(samples).median)}`;
  const list = (unit: string) =>
    series
      .filter((one) => one.unit === unit)
      .map(labelled)
      .join('; ');
  return units.map((unit) => `In ${unit}: ${list(unit)}.`);
};

const titleOf = ({ number, title }: MeasurementResult): string => `${number}. ${title}`;

/** Returns a measurement as Markdown, for the terminal. */
export const describeResult = (result: MeasurementResult): Promise<string> => {
  const { measured, outcome, failure } = result;
  const heading = `## ${titleOf(result)}`;
  if (failure !== undefined) return prettifyMarkdown([heading, `Failed: ${failure}`].join('\n\n'));
  const rows = outcome.goals.map((goal) => row([subjectOf(goal), figure(goal), verdict(goal)]));
  const table = [row(['', 'median (min – max)', 'goal']), row(['---', '--:', '---']), ...rows].join('\n');
  const { day, node, machine } = measured;
  const text = [...medians(outcome.series), ...outcome.notes, `Measured ${day}, Node ${node}, ${machine}.`].join(' ');
  return prettifyMarkdown([heading, table, text].join('\n\n'));
};

const prettifyMarkdown = (text: string): Promise<string> =>
  prettify(text, { parser: 'markdown', printWidth: 120, proseWrap: 'always', singleQuote: true });

const INTRODUCTION = `# Performance

\`pnpm bench\` measures and writes this page; \`pnpm bench small-routes 7\` measures a part. Goals are for Node ${MAIN_LINE}, which
ships; \`BENCH_NODE=26 pnpm bench --brief\` measures another version, in fewer rounds. The baseline, \`bench/naive\`, is the same four
routes with Express, the SDK, \`getSignedUrl\` and AWS's token verifier. Subjects are measured in turns, and a ratio is the median
of the ratios of each round. CPU time is that of the measured process alone. The services and handlers are the bundles that ship,
on the local stack. "Of" compares with a floor, the least that the work can cost, or with another way: 1x is as much. Empty cells
were not measured.`;

/** Returns docs/performance.md: one table of all figures, and notes on each measurement. */
export const describeAll = async (results: readonly MeasurementResult[]): Promise<string> => {
  const numbers = [...new Set(results.map(({ number }) => number))];
  const byLine = numbers.map((number) => {
    const ofNumber = results.filter((one) => one.number === number);
    return new Map(ofNumber.map((result) => [nodeLine(result), result]));
  });
  const measured = `Measured ${[...new Set(results.map(describeCircumstances))].join('; ')}.`;
  const lines = OTHER_LINES.map((line) => `Node ${line}`);
  const table = [
    row(['', `Node ${MAIN_LINE} (min – max)`, 'goal', ...lines]),
    row(['---', '--:', '---', ...lines.map(() => '--:')]),
    ...byLine.flatMap(rowsOf),
  ].join('\n');
  const notes = byLine.map(notesOf);
  return prettifyMarkdown([INTRODUCTION, measured, table, '## Notes, with medians', ...notes].join('\n\n'));
};

/** The results of one measurement by release line. */
type ByLine = ReadonlyMap<number, MeasurementResult>;

/** Returns the result on Node 24, or on another version if there is none. */
const mainOf = (byLine: ByLine): MeasurementResult =>
  byLine.get(MAIN_LINE) ?? ([...byLine.values()][0] as MeasurementResult);

const rowsOf = (byLine: ByLine): string[] => {
  const main = mainOf(byLine);
  const goalOn = (line: number, { what }: Goal) => byLine.get(line)?.outcome?.goals.find((one) => one.what === what);
  const goalRow = (goal: Goal): string => {
    const onMainLine = goalOn(MAIN_LINE, goal);
    const others = OTHER_LINES.map((line) => goalOn(line, goal)).map((other) => (other ? median(other) : ''));
    return row([
      subjectOf(goal),
      onMainLine ? figure(onMainLine) : '',
      onMainLine ? verdict(onMainLine) : '',
      ...others,
    ]);
  };
  const title = row([`**${titleOf(main)}**`, main.failure ?? '', '', ...OTHER_LINES.map(() => '')]);
  return [title, ...(main.outcome?.goals ?? []).map(goalRow)];
};

const notesOf = (byLine: ByLine): string => {
  const { number, outcome } = mainOf(byLine);
  return [`**${number}.**`, ...medians(outcome?.series ?? []), ...(outcome?.notes ?? [])].join(' ');
};

const describeCircumstances = ({ measured: { day, node, machine } }: MeasurementResult): string =>
  `${day}, Node ${node}, ${machine}`;
