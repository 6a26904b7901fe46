import { execFile, type ExecFileOptions } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  /** Absent for a package that is a program. */
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** Each package that is not private, by its folder. */
export const publicPackages: ReadonlyMap<string, Manifest> = new Map(
  readdirSync(join(ROOT, 'packages'))
    .map((name) => {
      const directory = join(ROOT, 'packages', name);
      return [directory, JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest] as const;
    })
    .filter(([, manifest]) => !manifest.private),
);

/** Runs a program. Rejects with everything that it printed if it fails. */
export const run = async (program: string, args: readonly string[], options: ExecFileOptions): Promise<string> => {
  const running = promisify(execFile)(program, args, { maxBuffer: 2 ** 26, ...options });
  return running.then(
    ({ stdout }) => String(stdout),
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${program} ${args.join(' ')} failed\n${stdout ?? ''}\n${stderr ?? ''}`, { cause: error });
    },
  );
};

/** Packs every public package into a folder and returns the tarballs by the names of the packages. */
export const packAll = async (into: string): Promise<ReadonlyMap<string, string>> => {
  const tarballs = new Map<string, string>();
  for (const [folder, { name }] of publicPackages) {
    const own = await mkdtemp(join(into, 'packed-'));
    await run('pnpm', ['pack', '--pack-destination', own], { cwd: folder });
    tarballs.set(name, join(own, readdirSync(own)[0] as string));
  }
  return tarballs;
};

/** Installs packages from npm and tarballs in a folder. */
export const npmInstall = async (directory: string, ...packages: readonly string[]): Promise<void> => {
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await run('npm', ['install', ...flags, ...packages], { cwd: directory });
};
