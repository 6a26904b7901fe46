// pnpm bench [--brief | --quick] [--into DIR] [number or name …], or pnpm bench --report
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { isMet, type Measurement } from './measurement.ts';
import { chooseMeasurements } from './measurements.ts';
import { describeAll, describeResult } from './report.ts';
import { circumstances, merge, readResults, toJson, type MeasurementResult } from './results.ts';
import { format } from 'prettier';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // Measures in a third of the rounds.
    brief: { type: 'boolean', default: false },
    // Uses tiny sizes that only show that everything works.
    quick: { type: 'boolean', default: false },
    // Writes the page from the existing results, and measures nothing.
    report: { type: 'boolean', default: false },
    // Folder for bench/results.json and docs/. Default: the repository.
    into: { type: 'string' },
  },
});
const into = values.into ?? fileURLToPath(new URL('../..', import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);

const measure = async (measurement: Measurement, bench: Bench): Promise<MeasurementResult> => {
  const { number, name, title, run } = measurement;
  const about = { number, name, title, measured: circumstances() };
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

const writeAll = async (results: readonly MeasurementResult[]) => {
  await Promise.all(['docs', 'bench'].map((folder) => mkdir(join(into, folder), { recursive: true })));
  await writeFile(resultsFile, await format(toJson(results), { parser: 'json', printWidth: 120 }));
  // The page is made of the file, which has fewer digits, so that `--report` makes the same page.
  const written = await readResults(resultsFile);
  await writeFile(join(into, 'docs/performance.md'), await describeAll(written));
};

const bench = new Bench(values);
const measured: MeasurementResult[] = [];
try {
  for (const measurement of values.report ? [] : chooseMeasurements(positionals)) {
    const start = performance.now();
    const result = await measure(measurement, bench);
    measured.push(result);
    say(await describeResult(result));
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
