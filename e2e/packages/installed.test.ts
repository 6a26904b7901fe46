// The packages as they are published: packed, checked, and used in a folder that has nothing else of this repository.
import { type ExecFileOptions } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startProcess } from '@jobs-api/local/start-process';
import { startStack } from '../harness/stack.ts';
import { npmInstall, packAll, publicPackages, ROOT, run as runIn, type Manifest } from './packed.ts';

const REPOSITORY = 'https://github.com/jobs-api/jobs-api';

/** Versions that the packages are used with. */
const NODE_TYPES = '@types/node@20.19.43';
const COMPILERS = {
  'TypeScript 5.8': 'typescript@5.8.3',
  'TypeScript 5.9': 'typescript@5.9.3',
  'TypeScript 6': 'typescript@6.0.3',
  'TypeScript 7': 'typescript@7.0.2',
};
/** Settings for modules that are supported: those of Node, and those of bundlers. */
const MODULES = {
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext', outDir: 'out' },
  bundler: { module: 'ESNext', moduleResolution: 'Bundler', noEmit: true },
};

const names = [...publicPackages.values()].map(({ name }) => name);

let directory: string;
let tarballs: ReadonlyMap<string, string>;

const installed = (name: string, ...path: string[]): string => join(directory, 'node_modules', name, ...path);
const manifestOf = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(installed(name, 'package.json'), 'utf8')) as Manifest;

const run = (program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> =>
  runIn(program, args, { cwd: directory, ...options });
const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

const match = (printed: string, pattern: RegExp): [string, string, string] => {
  const found = pattern.exec(printed);
  if (!found) throw new Error(`no ${String(pattern)} in ${printed}`);
  return found as unknown as [string, string, string];
};

/** Returns the TypeScript examples of a document. */
const examplesIn = async (file: string): Promise<string[]> =>
  [...(await readFile(file, 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);

/** Returns the names of all entry points. */
const entryPoints = async (): Promise<string[]> => {
  const manifests = await Promise.all(names.map(manifestOf));
  return manifests.flatMap(({ name, exports = {} }) => Object.keys(exports).map((path) => join(name, path)));
};

/** Returns whether an entry point has contract suites, which need Jest. */
const needsJest = (entryPoint: string): boolean => entryPoint.endsWith('/testing/contracts');

/** Declarations that the examples leave to the reader. */
const OF_THE_READER = `
declare const jobs: import('@jobs-api/core').Jobs;
declare const userId: import('@jobs-api/core').UserId;
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
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    rootDir: 'src',
  },
  include: ['src'],
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'installed-'));
  await mkdir(join(directory, 'src'));
  tarballs = await packAll(directory);
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  for (const [name, settings] of Object.entries(MODULES)) {
    const config = { ...TSCONFIG, compilerOptions: { ...TSCONFIG.compilerOptions, ...settings } };
    await writeFile(join(directory, `tsconfig.${name}.json`), JSON.stringify(config));
  }
  const compilers = Object.entries(COMPILERS).map(([name, version]) => `${folderOf(name)}@npm:${version}`);
  await npmInstall(directory, ...tarballs.values(), NODE_TYPES, ...compilers);
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
    test('has types that resolve in every kind of ES module', async () => {
      await run(bin('attw'), ['--profile', 'esm-only', tarballs.get(name) as string]);
    });

  test('has a manifest that says what it is, for which Node, from which repository and under which licence', async () => {
    const manifest = await manifestOf(name);
    expect(manifest).toMatchObject({
      version: expect.any(String) as unknown,
      description: expect.any(String) as unknown,
      license: 'Apache-2.0',
      homepage: `${REPOSITORY}/tree/main/${relative(ROOT, folder)}#readme`,
      repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory: relative(ROOT, folder) },
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20.19' },
    });
    expect(JSON.stringify(manifest)).not.toMatch(/"(workspace|catalog):|"source"/);
    for (const file of ['README.md', 'LICENSE'])
      expect([file, existsSync(installed(name, file))]).toEqual([file, true]);
  });

  test('has its source and what is built of it, and nothing else', () => {
    const files = readdirSync(installed(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed(name), join(entry.parentPath, entry.name)));
    const isIn = (path: string) => (file: string) => file.startsWith(path);
    expect(files.filter((file) => !isIn('dist/')(file) && !isIn('src/')(file)).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    const sourceOf = (file: string) => file.replace('dist/', 'src/').replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
    const built = files.filter(isIn('dist/'));
    expect(built.filter((file) => !files.includes(sourceOf(file)) || /[.-]test\./.test(file))).toEqual([]);
    for (const file of files.filter(isIn('src/')))
      expect([file, readFileSync(installed(name, file), 'utf8')]).toEqual([
        file,
        readFileSync(join(folder, file), 'utf8'),
      ]);
  });

  test('has source maps that lead to files of the package', () => {
    const maps = readdirSync(installed(name, 'dist'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.map'),
    );
    expect(maps.some((file) => file.endsWith('.js.map')) && maps.some((file) => file.endsWith('.d.ts.map'))).toBe(true);
    for (const file of maps) {
      const { sources } = JSON.parse(readFileSync(installed(name, 'dist', file), 'utf8')) as { sources: string[] };
      for (const source of sources)
        expect([file, existsSync(join(dirname(installed(name, 'dist', file)), source))]).toEqual([file, true]);
    }
  });

  test('has a README whose links work on a registry page', async () => {
    const readme = await readFile(installed(name, 'README.md'), 'utf8');
    const links = Array.from(readme.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, link = '']) => link);
    for (const link of links) {
      expect(link).toMatch(/^https:\/\//);
      const path = /^https:\/\/github\.com\/jobs-api\/jobs-api\/(?:blob|tree)\/main\/(.*)$/.exec(link)?.[1];
      if (path !== undefined) expect([link, existsSync(join(ROOT, path))]).toEqual([link, true]);
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

  test.each(Object.keys(COMPILERS).flatMap((name) => Object.keys(MODULES).map((modules) => [name, modules] as const)))(
    'every entry point and every documented example has no type error for %s with module resolution %s',
    async (name, modules) => {
      const compiler = join(directory, 'node_modules', folderOf(name), 'bin/tsc');
      await run(process.execPath, [compiler, '--project', `tsconfig.${modules}.json`]);
    },
  );

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

  test('the example of the core prints the output in its README', async () => {
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
