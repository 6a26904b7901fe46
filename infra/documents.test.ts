import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SUMMARY_INDEX, jobsTable, readAwsConfig } from '@jobs-api/adapters-aws';
import { jobStatuses } from '@jobs-api/core';
import { readHttpConfig } from '@jobs-api/http-express';
import { parse, parseAllDocuments } from 'yaml';
import { deploy, readTemplate, type TemplateProperties } from './testing/cloudformation.ts';

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
const readJson = async (path: string) => JSON.parse(await read(path)) as Record<string, unknown>;
const [readme, operations, storage] = await Promise.all(
  ['README.md', 'docs/operations.md', 'docs/storage.md'].map(read),
);

/** GitHub's anchors of the headings of a page. */
const anchorsOf = (page: string): string[] =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

const environmentIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );

describe('README.md', () => {
  test('has an example of six lines that runs', async () => {
    const [, example = ''] = /```ts\n([\s\S]+?)```/.exec(readme ?? '') ?? [];
    expect(example.split('\n').filter((line) => line !== '')).toHaveLength(6);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--conditions=source', '--input-type=module', '-e', example],
      { cwd: new URL('.', import.meta.url) },
    );
    expect(stdout).toBe('0\n');
  });

  test('says on its first screen that the service is hexagonal, and how to start and test it', () => {
    const firstScreen = readme?.split('\n').slice(0, 12).join('\n');
    expect(firstScreen).toContain('hexagonal');
    expect(firstScreen).toContain('npx -y pnpm@12.21.0 dev\nnpx -y pnpm@12.21.0 test');
  });
});

describe('docs/storage.md', () => {
  test('has every status with its meaning and whether results are linked', () => {
    const rows = [...(storage ?? '').matchAll(/^\| `(\w+)` +\| ([^|]+?) +\| (?:yes|no) +\| (yes|no) +\|$/gm)];
    const documented = rows.map(([, code, meaning, linked]) => [code, meaning, linked === 'yes']);
    const known = Object.entries(jobStatuses).map(([code, { meaning, hasResults }]) => [code, meaning, hasResults]);
    expect(documented.toSorted()).toEqual(known.toSorted());
  });

  test('has every attribute that the service reads', async () => {
    const [item, records] = await Promise.all(
      ['job-item', 'job-records'].map((name) => read(`packages/adapters-aws/src/dynamodb/${name}.ts`)),
    );
    const names = [
      ...(item ?? '').matchAll(/(?:text|wholeNumber|number|texts|lengths|amount)\('(\w+)'\)/g),
      ...(records ?? '').matchAll(/'([a-z]+[A-Z]\w+)'/g),
    ].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !storage?.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  test('has only bash that bash can parse', async () => {
    const blocks = [...(operations ?? '').matchAll(/^ *```bash\n([\s\S]+?)^ *```/gm)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(15);
    for (const block of blocks) await promisify(execFile)('bash', ['-n', '-c', block]);
  });

  test('has no link to a heading or a file that does not exist', async () => {
    const anchors = anchorsOf(operations ?? '');
    const links = [...(operations ?? '').matchAll(/\]\(([^)\s]*)\)/g)].map(([, target = '']) => target);
    for (const target of links.filter((link) => !link.startsWith('http'))) {
      const [file = '', anchor] = target.split('#');
      if (file === '') expect(anchors).toContain(anchor);
      else if (anchor === undefined) await read(`docs/${file}`);
      else expect(anchorsOf(await read(`docs/${file}`))).toContain(anchor);
    }
  });

  test('names only files of the repository that exist', async () => {
    const files = [...(operations ?? '').matchAll(/\b(?:infra|packages|e2e)\/[\w./-]+\.(?!mjs|zip)\w+/g)].map(
      ([file]) => file,
    );
    expect(files.length).toBeGreaterThan(10);
    await Promise.all([...new Set(files)].map(read));
  });
});

describe('the alert rules', () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly runbook: string };
  }
  const readRules = async () => {
    const { groups } = parse(await read('infra/alerts.yaml')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  };

  test('have a severity and a runbook section each, and a row in docs/operations.md', async () => {
    const anchors = anchorsOf(operations ?? '');
    for (const { alert, labels, annotations } of await readRules()) {
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
      expect(anchors).toContain(alert.toLowerCase());
      expect(operations).toMatch(new RegExp(`\\[${alert}\\].*\\| ${labels.severity} `));
    }
  });

  test('are fired by a test each', async () => {
    const { tests } = parse(await read('infra/alerts.test.yaml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: object[] }[] }[];
    };
    const fired = tests.flatMap(({ alert_rule_test: rules }) =>
      rules.filter(({ exp_alerts: alerts = [] }) => alerts.length > 0).map(({ alertname }) => alertname),
    );
    expect(fired.toSorted()).toEqual((await readRules()).map(({ alert }) => alert).toSorted());
  });

  test('use metrics that the service has', async () => {
    const metrics = await read('docs/metrics.md');
    for (const { expr } of await readRules())
      for (const [name] of expr.matchAll(/\b(?:jobs_api|nodejs|process)_\w+/g))
        expect(metrics).toContain(`\`${name.replace(/_(count|bucket|sum)$/, '')}\``);
  });
});

const made = deploy(readTemplate(await read('infra/template.yaml')), {}, { UserPool: 'eu-west-1_AbCdEfGhI' });

describe('the files for a host without CloudFormation', () => {
  test('table.json is the table that the adapters use', async () => {
    expect(await readJson('infra/host/table.json')).toEqual({ ...jobsTable('jobs'), DeletionProtectionEnabled: true });
  });

  test('lifecycle.json has the rules of the template', async () => {
    const { Rules } = made.resources.Bucket?.Properties.LifecycleConfiguration as { Rules: TemplateProperties[] };
    const [{ Id, ExpiredObjectDeleteMarker, ...rule } = {}] = Rules;
    const expected = { ...rule, ID: Id, Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker } };
    expect(await readJson('infra/host/lifecycle.json')).toEqual({ Rules: [expected] });
  });

  test('iam-policy.json has the rights of the function, except for its log', async () => {
    const [policy] = made.resources.Role?.Properties.Policies as [
      { PolicyDocument: { Statement: TemplateProperties[] } },
    ];
    const actions = (statements: readonly TemplateProperties[]) =>
      statements.map(({ Action }) => [Action].flat()).filter((names) => !JSON.stringify(names).includes('logs:'));
    const { Statement } = (await readJson('infra/host/iam-policy.json')) as { Statement: TemplateProperties[] };
    expect(actions(Statement)).toEqual(actions(policy.PolicyDocument.Statement));
  });

  test('jobs-api.env is an environment that the service accepts', async () => {
    const env = environmentIn(await read('infra/host/jobs-api.env'));
    expect(readAwsConfig(env).problems).toBeUndefined();
    expect(readHttpConfig(env).problems).toBeUndefined();
    expect(env.JOBS_SUMMARY_INDEX).toBe(DEFAULT_SUMMARY_INDEX);
  });
});

describe('infra/kubernetes.yaml', () => {
  interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
  }

  /** Returns the errors of TypeScript for a manifest, as a constant of the type that Kubernetes' own schema gives it. */
  const typeErrors = async (manifest: Manifest): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
    const { apiVersion, kind } = manifest;
    const from = `kubernetes-types/${apiVersion === 'v1' ? 'core/v1' : apiVersion}`;
    const source = `import type { ${kind} } from '${from}';\nexport const manifest: ${kind} = ${JSON.stringify(manifest)};`;
    await writeFile(join(folder, 'manifest.ts'), source);
    await symlink(fileURLToPath(new URL('node_modules', import.meta.url)), join(folder, 'node_modules'));
    const tsc = fileURLToPath(new URL('../node_modules/typescript-7/bin/tsc', import.meta.url));
    const options = [tsc, '--noEmit', '--strict', '--module', 'nodenext', '--types', '', 'manifest.ts'];
    const run = promisify(execFile)(process.execPath, options, { cwd: folder });
    const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
    await rm(folder, { recursive: true });
    return stdout;
  };

  test('has properties that Kubernetes knows', async () => {
    const manifests = parseAllDocuments(await read('infra/kubernetes.yaml')).map((part) => part.toJS() as Manifest);
    expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget']);
    for (const manifest of manifests) expect(await typeErrors(manifest)).toBe('');
    const [deployment] = manifests;
    const misspelled = JSON.stringify(deployment).replace('livenessProbe', 'livenessProb');
    expect(await typeErrors(JSON.parse(misspelled) as Manifest)).toMatch(/livenessProb.* does not exist/);
  });

  interface Container {
    readonly env: { readonly name: string; readonly value: string }[];
    readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: string[] } } };
    readonly livenessProbe: { readonly httpGet: { readonly path: string } };
    readonly readinessProbe: { readonly httpGet: { readonly path: string }; readonly timeoutSeconds: number };
  }

  test('gives a pod the time to stop that preStop, DRAIN_SECONDS and SHUTDOWN_GRACE_SECONDS need', async () => {
    const [deployment] = parseAllDocuments(await read('infra/kubernetes.yaml')).map(
      (document) => document.toJS() as unknown,
    );
    const { spec } = (
      deployment as { spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: [Container] } } } }
    ).spec.template;
    const [{ env, lifecycle, livenessProbe, readinessProbe }] = spec.containers;
    const {
      drainSeconds = NaN,
      shutdownGraceSeconds = NaN,
      metricsPort,
    } = readHttpConfig(Object.fromEntries(env.map(({ name, value }) => [name, value]))).config ?? {};
    const [, milliseconds] = /, (\d+)\)$/.exec(lifecycle.preStop.exec.command.at(-1) ?? '') ?? [];
    const needed = Number(milliseconds) / 1000 + drainSeconds + shutdownGraceSeconds;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(needed);
    expect(metricsPort).toBe(9464);
    expect([livenessProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual(['/healthz', '/readyz']);
    expect(readinessProbe.timeoutSeconds).toBeGreaterThan(2);
  });
});
