import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A clock that the test moves, for processes that it starts. */
export interface Clock {
  /**
   * Returns the value of NODE_OPTIONS for a process that uses this clock.
   *
   * @param preload source of a module that the process runs first
   */
  readonly nodeOptions: (preload?: string) => string;
  /** Moves `Date.now` of the processes forward. No other clock changes. */
  readonly passTime: (seconds: number) => void;
  readonly now: () => number;
  readonly close: () => Promise<void>;
}

export const startClock = async (): Promise<Clock> => {
  const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  const offsetFile = join(folder, 'clock-offset-ms');
  let offsetMs = 0;
  // Renamed into place, so that a process never reads half of a number.
  const passTime = (seconds: number) => {
    offsetMs += seconds * 1000;
    writeFileSync(`${offsetFile}.new`, String(offsetMs));
    renameSync(`${offsetFile}.new`, offsetFile);
  };
  passTime(0);
  const source = `import { readFileSync } from 'node:fs';
    const { now } = Date;
    Date.now = () => now() + Number(readFileSync(${JSON.stringify(offsetFile)}, 'utf8'));`;
  return {
    nodeOptions: (preload = '') => `--import=data:text/javascript,${encodeURIComponent(`${source}\n${preload}`)}`,
    passTime,
    now: () => Date.now() + offsetMs,
    close: () => rm(folder, { recursive: true }),
  };
};
