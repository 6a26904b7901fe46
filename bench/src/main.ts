// pnpm bench [--quick] [--into DIR] [number or name …], or pnpm bench --report
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { drawChart } from './chart.ts';
import { isMet } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { chooseMeasurements } from './measurements.ts';
import { chartFile, describeAll, describeResult } from './report.ts';
import { describeMachine, merge, readResults, toJson } from './results.ts';
import type { Result } from './results.ts';
import { format } from 'prettier';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // With sizes that show that everything works, and nothing else.
    quick: { type: 'boolean', default: false },
    // Writes the page anew from the results that there are, and measures nothing.
    report: { type: 'boolean', default: false },
    // Where bench/results.json and docs/ are written, instead of into the repository.
    into: { type: 'string' },
  },
});
const into = values.into ?? fileURLToPath(new URL('../..', import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);

const measure = async (measurement: Measurement, bench: Bench): Promise<Result> => {
  const { number, name, title, run } = measurement;
  const about = { number, name, title, measured: describeMachine() };
  try {
    return { ...about, outcome: await run(bench) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return { ...about, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await bench.endMeasurement();
  }
};

const resultsFile = join(into, 'bench/results.json');

const writeAll = async (results: readonly Result[]) => {
  const charts = join(into, 'docs/performance');
  await Promise.all([mkdir(charts, { recursive: true }), mkdir(join(into, 'bench'), { recursive: true })]);
  await writeFile(resultsFile, await format(toJson(results), { parser: 'json', printWidth: 120 }));
  // The page is about what was written, which has fewer digits: what is rounded twice may end otherwise.
  const written = await readResults(resultsFile);
  await writeFile(join(into, 'docs/performance.md'), await describeAll(written));
  for (const result of written)
    if (result.outcome) await writeFile(join(charts, chartFile(result)), drawChart(result.outcome));
};

const bench = new Bench(values);
const measured: Result[] = [];
try {
  for (const measurement of values.report ? [] : chooseMeasurements(positionals)) {
    const start = performance.now();
    const result = await measure(measurement, bench);
    measured.push(result);
    say(await describeResult(result, { withChart: false }));
    say(`${Math.round((performance.now() - start) / 1000)} s\n`);
  }
} finally {
  await bench.close();
}
await writeAll(merge(await readResults(resultsFile), measured));

const missed = measured.flatMap(({ number, outcome }) =>
  (outcome?.goals ?? []).filter((goal) => isMet(goal) === false).map(({ what }) => `${number}. ${what}`),
);
if (missed.length > 0) say(`Missed: ${missed.join('; ')}`);
process.exitCode = measured.some(({ failure }) => failure !== undefined) ? 1 : 0;
