import { format as prettify } from 'prettier';
import { isMet, summarise, type Goal, type Series } from './measurement.ts';
import type { Result } from './results.ts';

/** Rounds to three digits, or to a whole number. */
export const format = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

const times = (value: number, unit: string): string => (unit === 'times' ? `${format(value)}x` : format(value));

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const goalRow = (goal: Goal): string => {
  const { what, unit, samples, atLeast, atMost } = goal;
  const { median, min, max } = summarise(samples);
  const wanted = [
    ...(atLeast === undefined ? [] : [`≥ ${times(atLeast, unit)}`]),
    ...(atMost === undefined ? [] : [`≤ ${times(atMost, unit)}`]),
  ].join(', ');
  const verdict = { true: `reached: ${wanted}`, false: `missed: ${wanted}`, undefined: '' }[String(isMet(goal))] ?? '';
  const range = min === max ? '' : ` (${format(min)} – ${format(max)})`;
  return row([
    `${what}${unit === 'times' || what.includes(unit) ? '' : `, ${unit}`}`,
    times(median, unit) + range,
    verdict,
  ]);
};

/** Series of more cases than these are in bench/results.json only. */
const MAX_SERIES = 12;

/** Lists the medians in one sentence per unit. */
const medians = (series: readonly Series[]): string[] => {
  if (series.length > MAX_SERIES) return [];
  const units = [...new Set(series.map(({ unit }) => unit))];
  const figure = ({ subject, at, samples }: Series) =>
    `${subject}${at === undefined ? '' : `, ${typeof at === 'number' ? format(at) : at}`}: ${format(summarise(samples).median)}`;
  const list = (unit: string) =>
    series
      .filter((one) => one.unit === unit)
      .map(figure)
      .join('; ');
  return units.map((unit) => `In ${unit}: ${list(unit)}.`);
};

/** Returns a measurement as Markdown, which is also what the command prints. */
export const describeResult = (result: Result): Promise<string> => {
  const { number, title, measured, outcome, failure } = result;
  const heading = `## ${number}. ${title}`;
  if (failure !== undefined) return prettifyMarkdown([heading, `Failed: ${failure}`].join('\n\n'));
  const goals = [row(['median (min – max)', '', '']), row(['---', '--:', '---']), ...outcome.goals.map(goalRow)];
  const text = [...medians(outcome.series), ...outcome.notes, `Measured ${measured}.`].join(' ');
  return prettifyMarkdown([heading, goals.join('\n'), text].join('\n\n'));
};

const prettifyMarkdown = (text: string): Promise<string> =>
  prettify(text, { parser: 'markdown', printWidth: 120, proseWrap: 'always', singleQuote: true });

const INTRODUCTION = `# Performance

\`pnpm bench\` measures on Node 24 and writes this page; \`pnpm bench small-routes 7\` measures a part. The baseline,
\`bench/naive\`, is the same four routes with Express, the SDK, \`getSignedUrl\` and AWS's token verifier. Subjects are measured in
turns, and each ratio is of figures of the same round and the same Node. CPU time is that of the measured process alone. The
services and handlers are the bundles that ship, and run against the local stack. "x" figures say how many times less than the
baseline, or how many times a floor: the least that the work can cost.`;

/** Returns docs/performance.md. */
export const describeAll = async (results: readonly Result[]): Promise<string> => {
  const sections = await Promise.all(results.map(describeResult));
  return prettifyMarkdown([INTRODUCTION, ...sections].join('\n\n'));
};
