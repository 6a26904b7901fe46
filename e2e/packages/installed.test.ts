// The packages as they are published: packed, checked, and used by somebody who has nothing else of this repository.
import { execFile, type ExecFileOptions } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startProcess } from '@jobs-api/local/start-process';
import { startStack } from '../harness/stack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the packages are used with, besides themselves. */
const NODE_TYPES = '@types/node@20.19.43';
const COMPILERS = { 'TypeScript 5.9': 'typescript@5.9.3', 'TypeScript 6': 'typescript@6.0.3' };

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  /** A package without is a program, and nothing can be imported from it. */
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** By folder, each package that is not private. */
const publicPackages = new Map(
  readdirSync(join(ROOT, 'packages'))
    .map((name) => {
      const directory = join(ROOT, 'packages', name);
      return [directory, JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest] as const;
    })
    .filter(([, manifest]) => !manifest.private),
);
const names = [...publicPackages.values()].map(({ name }) => name);

let directory: string;
const tarballs = new Map<string, string>();

const installed = (name: string, ...path: string[]): string => join(directory, 'node_modules', name, ...path);
const manifestOf = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(installed(name, 'package.json'), 'utf8')) as Manifest;

/** Rejects, with everything that the program printed, where it fails. */
const run = async (program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> => {
  const running = promisify(execFile)(program, args, { cwd: directory, maxBuffer: 2 ** 26, ...options });
  return running.then(
    ({ stdout }) => String(stdout),
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${program} ${args.join(' ')} failed\n${stdout ?? ''}\n${stderr ?? ''}`, { cause: error });
    },
  );
};
const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

const match = (printed: string, pattern: RegExp): [string, string, string] => {
  const found = pattern.exec(printed);
  if (!found) throw new Error(`no ${String(pattern)} in ${printed}`);
  return found as unknown as [string, string, string];
};

/** The TypeScript that a document shows. */
const examplesIn = async (file: string): Promise<string[]> =>
  [...(await readFile(file, 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);

/** What is imported: the names of all entry points. */
const entryPoints = async (): Promise<string[]> => {
  const manifests = await Promise.all(names.map(manifestOf));
  return manifests.flatMap(({ name, exports = {} }) => Object.keys(exports).map((path) => join(name, path)));
};

/** An entry point of tests that run under Jest, which not everybody has. */
const needsJest = (entryPoint: string): boolean => entryPoint.endsWith('/testing/contracts');

/** What the examples take for granted. */
const OF_THE_READER = `
declare const startDatabase: () => Promise<{ end(): Promise<void> }>;
declare const poolThatIsRefused: unknown;
declare const PostgresJobStore: new (pool: unknown) => import('@jobs-api/core').JobStore;
declare const insertJob: (pool: unknown, record: import('@jobs-api/core/testing').JobRecord) => Promise<void>;
declare const insertJobThatIsWrong: (pool: unknown, userId: string, jobId: number) => Promise<void>;
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    rootDir: 'src',
    outDir: 'out',
  },
  include: ['src'],
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'installed-'));
  await mkdir(join(directory, 'src'));
  for (const [folder, { name }] of publicPackages) {
    const into = await mkdtemp(join(directory, 'packed-'));
    await run('pnpm', ['pack', '--pack-destination', into], { cwd: folder });
    tarballs.set(name, join(into, readdirSync(into)[0] as string));
  }
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const compilers = Object.entries(COMPILERS).map(([name, version]) => `${folderOf(name)}@npm:${version}`);
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await run('npm', ['install', ...flags, ...tarballs.values(), NODE_TYPES, ...compilers]);
});

afterAll(() => rm(directory, { recursive: true }));

const folderOf = (compiler: string): string => compiler.toLowerCase().replace(' ', '-');

describe.each(
  [...publicPackages].map(([folder, { name, exports }]) => ({ name, folder, isLibrary: exports !== undefined })),
)('$name', ({ name, folder, isLibrary }) => {
  test('passes publint', async () => {
    await run(bin('publint'), ['--strict', tarballs.get(name) as string]);
  });

  if (isLibrary)
    test('has types that resolve wherever ES modules do', async () => {
      await run(bin('attw'), ['--profile', 'esm-only', tarballs.get(name) as string]);
    });

  test('says what it is, for whom, and under which licence', async () => {
    const manifest = await manifestOf(name);
    expect(manifest).toMatchObject({
      version: expect.any(String) as unknown,
      description: expect.any(String) as unknown,
      license: 'Apache-2.0',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20.19' },
    });
    expect(JSON.stringify(manifest)).not.toMatch(/"(workspace|catalog):|"source"/);
    for (const file of ['README.md', 'LICENSE'])
      expect([file, existsSync(installed(name, file))]).toEqual([file, true]);
  });

  test('has what is built of its source, and nothing else', async () => {
    const files = readdirSync(installed(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed(name), join(entry.parentPath, entry.name)));
    const built = files.filter((file) => file.startsWith('dist/'));
    expect(files.filter((file) => !built.includes(file)).toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
    const sourceOf = (file: string) => file.replace('dist/', 'src/').replace(/\.(js|js\.map|d\.ts)$/, '.ts');
    expect(built.filter((file) => !existsSync(join(folder, sourceOf(file))) || /[.-]test\./.test(file))).toEqual([]);
    for (const file of built.filter((each) => each.endsWith('.js.map'))) {
      const { sourcesContent } = JSON.parse(readFileSync(installed(name, file), 'utf8')) as {
        sourcesContent?: string[];
      };
      expect([file, sourcesContent]).toEqual([file, [readFileSync(join(folder, sourceOf(file)), 'utf8')]]);
    }
  });
});

describe('all of them together', () => {
  beforeAll(async () => {
    const imports = (await entryPoints()).map((entryPoint, index) => `export * as e${index} from '${entryPoint}';\n`);
    await writeFile(join(directory, 'src/entry-points.ts'), imports.join(''));
    await writeFile(join(directory, 'src/of-the-reader.d.ts'), OF_THE_READER);
    const documents = new Map([
      ['readme', join(ROOT, 'README.md')],
      ['in-process', join(ROOT, 'docs/in-process.md')],
    ]);
    for (const { name, exports } of publicPackages.values())
      if (exports) documents.set(name.replace(/.*\//, ''), installed(name, 'README.md'));
    for (const [name, file] of documents) {
      const examples = await examplesIn(file);
      expect([name, examples.length]).not.toEqual([name, 0]);
      for (const [index, code] of examples.entries())
        await writeFile(join(directory, `src/${name}-${index + 1}.ts`), code);
    }
  });

  test.each(Object.keys(COMPILERS))('every entry point and every documented example is right for %s', async (name) => {
    await run(process.execPath, [join(directory, 'node_modules', folderOf(name), 'bin/tsc')]);
  });

  test('every entry point can be imported', async () => {
    for (const entryPoint of (await entryPoints()).filter((each) => !needsJest(each)))
      await run(process.execPath, ['--input-type=module', '--eval', `await import('${entryPoint}')`]);
  });

  test('every entry point can be required', async () => {
    for (const entryPoint of (await entryPoints()).filter((each) => !needsJest(each)))
      await run(process.execPath, ['--input-type=commonjs', '--eval', `require('${entryPoint}')`]);
  });

  test('the command line runs as npm installs it', async () => {
    expect(await run(join(directory, 'node_modules/.bin/jobs-api'), ['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await run(join(directory, 'node_modules/.bin/jobs-api'), ['--help'])).toContain('JOBS_TOKEN');
  });

  test('the example of the core prints what its README says', async () => {
    const printed = await run(process.execPath, ['out/core-1.js']);
    expect(await readFile(installed('@jobs-api/core', 'README.md'), 'utf8')).toContain(
      `prints\n\n\`\`\`\n${printed}\`\`\``,
    );
  });

  test('the example of the AWS adapters lists jobs', async () => {
    const stack = await startStack();
    try {
      await stack.table.put({ userId: 'alice', jobId: 1, status: 'queued' });
      const env = { ...process.env, ...stack.env };
      const printed = await run(process.execPath, ['out/adapters-aws-1.js'], { env });
      expect(printed).toBe('1: Job is waiting to be processed\n');
    } finally {
      await stack.close();
    }
  });

  test('the example of the HTTP API serves the request that it prints, and stops at SIGTERM', async () => {
    const service = startProcess(['out/http-express-1.js'], {
      cwd: directory,
      env: { PORT: '0', HOST: '127.0.0.1', DRAIN_SECONDS: '0' },
    });
    try {
      await service.untilLine((line) => /"port":\d+/.test(line) || undefined);
      const printed = service.output.join('\n');
      const [, token, path] = match(printed, /Authorization: (\S+)" http:\/\/[^/]+(\S+)/);
      const [, port] = match(printed, /"port":(\d+)/);
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Authorization: token } });
      expect(await response.json()).toMatchObject({ jobs: [{ job_id: 1, status: 'queued' }] });
    } finally {
      service.child.kill('SIGTERM');
    }
    expect(await service.exitCode).toBe(0);
  });
});
