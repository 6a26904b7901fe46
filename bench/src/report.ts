import { format as prettify } from 'prettier';
import { isMet, summarise } from './measurement.ts';
import type { Goal, Series } from './measurement.ts';
import type { Result } from './results.ts';

/** Three digits, or all in front of the point. */
export const format = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

const times = (value: number, unit: string): string => (unit === 'times' ? `${format(value)}x` : format(value));

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(row)].join('\n');

const figures = (samples: readonly number[], unit: string): string[] => {
  const { median, min, max } = summarise(samples);
  return [median, min, max].map((value) => times(value, unit));
};

const seriesRow = ({ subject, at, unit, samples }: Series): string[] => [
  `${subject}${at === undefined ? '' : `, ${typeof at === 'number' ? format(at) : at}`} (${unit})`,
  ...figures(samples, unit),
];

const goalRow = (goal: Goal): string[] => {
  const { what, unit, samples, atLeast, atMost } = goal;
  const met = isMet(goal);
  const wanted = [
    ...(atLeast === undefined ? [] : [`≥ ${times(atLeast, unit)}`]),
    ...(atMost === undefined ? [] : [`≤ ${times(atMost, unit)}`]),
  ];
  return [
    unit === 'times' || what.includes(unit) ? what : `${what} (${unit})`,
    ...figures(samples, unit),
    wanted.join(', ') || 'reported',
    met === undefined ? '' : met ? 'reached' : 'missed',
  ];
};

/** The file of a measurement's chart, beside those of the others. */
export const chartFile = ({ number, name }: Pick<Result, 'number' | 'name'>): string => `${number}-${name}.svg`;

/** A measurement as tables in Markdown, which are also what the command prints. */
export const describeResult = (result: Result, { withChart }: { withChart: boolean }): Promise<string> => {
  const { number, title, measured, outcome, failure } = result;
  const heading = `## ${number}. ${title}`;
  if (failure !== undefined) return prettifyMarkdown([heading, `Failed: ${failure}`].join('\n\n'));
  return prettifyMarkdown(
    [
      heading,
      ...(withChart ? [`![${title}](performance/${chartFile(result)})`] : []),
      table(['', 'median', 'min', 'max'], outcome.series.map(seriesRow)),
      table(['', 'median', 'min', 'max', 'goal', ''], outcome.goals.map(goalRow)),
      ...outcome.notes,
      ...(withChart ? [`Measured ${measured}.`] : []),
    ].join('\n\n'),
  );
};

const prettifyMarkdown = (text: string): Promise<string> =>
  prettify(text, { parser: 'markdown', printWidth: 120, proseWrap: 'always', singleQuote: true });

const INTRODUCTION = `# How fast is it, beside what anyone would write?

\`pnpm bench\` measures this again and writes this page; \`pnpm bench 1 list-cpu\` does so for some of it. The baseline is
\`bench/naive\`: the same four routes with Express, the SDK, \`getSignedUrl\` and AWS's token verifier, as a good developer
in a hurry writes them. The two are measured in turns, a round each, and every ratio is one of figures of the same round,
so that a busy machine disturbs both alike. Servers and Lambda handlers are the bundles that ship, and what they talk to
is the local stack: where that is the limit, it says so. CPU time is user and system time of the process that is measured,
whatever else the machine does.`;

/** docs/performance.md */
export const describeAll = async (results: readonly Result[]): Promise<string> => {
  const sections = await Promise.all(results.map((result) => describeResult(result, { withChart: true })));
  return prettifyMarkdown([INTRODUCTION, ...sections].join('\n\n'));
};
