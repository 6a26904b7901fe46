import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalDynamo, startLocalS3, type LocalStack } from '@jobs-api/local';
import { INHERITED_ENV, startProcess } from '@jobs-api/local/start-process';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy } from '../harness/fault-proxy.ts';
import { refusedKeys } from '../harness/faults.ts';
import { startProxy, type ProxyOutcome, type ProxyScript } from '../harness/proxy.ts';
import { runToEnd, startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { startStub } from '../harness/stub-server.ts';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/operations.md', ROOT), 'utf8');
const blocks = [...page.matchAll(/^( *)```(?:bash)?\n([\s\S]+?)^ *```$/gm)].map(([, indent = '', block = '']) =>
  block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);
/** Blocks that were run. */
const used = new Set<string>();

/** Commands that cannot be run here, by a text that is in no other block, and why. */
const NOT_RUN = {
  'sam deploy --template-file': 'the SAM CLI deploys to an account of AWS; infra/template.test.ts checks the template',
  'git switch --detach': 'the same, for a version that has to exist',
  'docker build': 'it needs a Docker daemon and a registry; a test below does what the Dockerfile says',
};
/** Queries for CloudWatch Logs Insights, which runs in AWS only. */
const isQuery = (block: string) => block.startsWith('filter ');

const blockWith = (text: string): string => {
  const [block, ...others] = blocks.filter((candidate) => candidate.includes(text));
  if (block === undefined || others.length > 0) throw new Error(`not exactly one block has ${text}`);
  used.add(block);
  return block;
};

interface Shell {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs commands as a person does who pastes them, but ends at the first that fails. */
const bash = async (script: string, { env = {}, input = '' }: Shell = {}) => {
  const all = { ...INHERITED_ENV, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...env };
  const options = { cwd: folder, env: all };
  const running = promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], options);
  running.child.stdin?.end(input);
  return running;
};

const CLI = {
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local-secret',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await symlink(SERVICE, join(folder, 'server.mjs'));
  for (const name of ['infra', 'packages']) await symlink(fileURLToPath(new URL(name, ROOT)), join(folder, name));
});
afterAll(() => rm(folder, { recursive: true }));

const respond = (body: string): ProxyOutcome => ({ status: 200, headers: {}, body: Buffer.from(body) });
/** Calls that the stand-ins do not have. */
const withBackups: ProxyScript = ({ headers }, forward) =>
  String(headers['x-amz-target']).endsWith('UpdateContinuousBackups') ? respond('{}') : forward();
const withPublicAccessBlock: ProxyScript = ({ url }, forward) =>
  url.includes('publicAccessBlock') ? respond('') : forward();

/** A service of AWS that responds to everything with the same text, and the requests that it gets. */
const startAws = async (type: string, text: string) => {
  const requests: { method: string; url: string; target: string; body: Buffer }[] = [];
  const listener: RequestListener = (request: IncomingMessage, response) => {
    void buffer(request).then((body) => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, target: String(headers['x-amz-target']), body });
      response.writeHead(200, { 'Content-Type': type }).end(text);
    });
  };
  const { origin, close } = await startStub(listener);
  return { origin, requests, close };
};

test('the alert rules are accepted, and each alert fires for the series that are made for it, and not before', async () => {
  const { stdout } = await bash(blockWith('promtool check rules'));
  expect(stdout).toMatch(/SUCCESS: 11 rules found[\s\S]*SUCCESS/);
});

describe('the commands that create a table and a bucket', () => {
  test('make a table and a bucket that pass --check', async () => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
    const [dynamo, s3, stack] = await Promise.all([startLocalDynamo(), startLocalS3({ credentials }), startStack()]);
    const [table, bucket, iam] = await Promise.all([
      startProxy(dynamo.endpoint, withBackups),
      startProxy(s3.endpoint, withPublicAccessBlock),
      startAws('text/xml', '<PutRolePolicyResponse/>'),
    ]);
    const env = {
      ...CLI,
      AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
      AWS_ENDPOINT_URL_S3: bucket.endpoint,
      AWS_ENDPOINT_URL_IAM: iam.origin,
    };
    // As the page says for us-east-1.
    const script = blockWith('aws dynamodb create-table').replace(/ --create-bucket-configuration \S+/, '');
    await bash(script, { env });
    const policy = JSON.parse(await readFile(join(folder, 'policy.json'), 'utf8')) as {
      Statement: { Resource: string }[];
    };
    expect(policy.Statement.map(({ Resource }) => Resource)).toContain('arn:aws:s3:::jobs-files-123456789012/*');
    expect(iam.requests).toHaveLength(1);

    const settings = { JOBS_TABLE: 'jobs', JOBS_SUMMARY_INDEX: 'jobs-summary', JOBS_BUCKET: 'jobs-files-123456789012' };
    const { stdout } = await runToEnd(SERVICE, { ...stack.env, ...env, ...settings }, ['--check']);
    expect(stdout).not.toMatch(/^failed/m);
    for (const subject of ['table', 'index projection', 'bucket', 'versioning', 'lifecycle'])
      expect(stdout).toMatch(new RegExp(`^ok +${subject} `, 'm'));
    expect(jobsTable('jobs').TableName).toBe('jobs');
    await Promise.all([table, bucket, iam, dynamo, s3, stack].map((server) => server.close()));
  });
});

describe('the commands on a log', () => {
  const log = blockWith('fromjson?');

  beforeAll(async () => {
    const stack = await startStack();
    const proxy = await startFaultProxy(stack.env);
    for (const jobId of [7, 9]) await stack.table.put({ userId: 'alice', jobId, jobName: 'Walk', status: 'success' });
    await stack.table.putUnreadable('alice', 8);
    await stack.bucket.put('alice/9/a.png', 'locked');
    const refusal = refusedKeys('AccessDenied');
    proxy.play((call, forward) => (call.name === 'DeleteObjects' ? refusal(call, forward) : forward()));
    const service = await startService(SERVICE, { ...stack.env, ...proxy.env });
    const { origin, log: lines } = service;
    const Authorization = await stack.tokenIssuer.issueToken('alice');
    const send = async (path: string, method = 'GET', headers: Record<string, string> = { Authorization }) => {
      await (await fetch(`${origin}/api/v1/jobs${path}`, { method, headers })).text();
    };
    await send('/list');
    await send('/get?job-id=8');
    await send('/delete?job-id=7', 'DELETE');
    await send('/delete?job-id=9', 'DELETE');
    await send('/list', 'GET', {});
    service.kill('SIGTERM');
    await service.exitCode;
    const all = ['(node:1) a warning that is not JSON', ...lines];
    await writeFile(join(folder, 'service.log'), all.map((line) => `${line}\n`).join(''));
    const prefixed = all.map((line) => `2026-01-31T12:00:00 ${line}\n`);
    await writeFile(join(folder, 'tail.log'), prefixed.join(''));
    await Promise.all([stack.close(), proxy.close()]);
  });

  test('all run without an error', async () => {
    const onLog = blocks.filter((block) => block.includes('<service.log'));
    expect(onLog.length).toBeGreaterThanOrEqual(8);
    for (const block of onLog) {
      used.add(block);
      expect((await bash(`${log}\n${block}`)).stderr).toBe('');
    }
  });

  test('read lines that begin with a time, as `aws logs tail` prints them', async () => {
    const filter = `log '.msg' <`;
    const { stdout } = await bash(`${log}\n${filter}tail.log`);
    expect(stdout).toContain('"request"');
    expect(stdout).toBe((await bash(`${log}\n${filter}service.log`)).stdout);
  });

  test.each([
    [
      'a user says a job vanished: the delete',
      '.user_id == "alice" and .job_id == 7',
      /"method":"DELETE".*"status":200/,
    ],
    [
      'a delete fails again and again: the call, the key and the code',
      '.method == "DELETE" and .status >= 500',
      /"user_id":"alice","job_id":9,"status":500.*DeleteObjects failed.*alice\/9\/.*AccessDenied.*such as/,
    ],
    ['which records cannot be read', '.error.code == "UNREADABLE_JOB"', /"alice".*contentLength/],
    ['why tokens are rejected', '.status == 401', /1 "?.*(missing|no token)/i],
    ['which routes return 5xx', '.error.code // .error.name', /1 \["\/api\/v1\/jobs\/get",500,"UNREADABLE_JOB"/],
    ['p99 by route', 'p99:', /"route": "\/api\/v1\/jobs\/list"/],
  ])('show %s', async (_name, filter, expected) => {
    const { stdout } = await bash(`${log}\n${blockWith(filter)}`);
    expect(stdout).toMatch(expected);
  });
});

describe('the commands on a table, a bucket and the service', () => {
  let stack: LocalStack;
  let env: Record<string, string>;
  beforeAll(async () => {
    stack = await startStack();
    await stack.bucket.create({ versioned: true });
    // CopyObject is not an operation of the stand-in.
    const s3 = await startProxy(stack.env.AWS_ENDPOINT_URL_S3, async ({ headers, url }, forward) => {
      const [, Key, VersionId] = /\/(alice.+)\?versionId=(.+)$/.exec(String(headers['x-amz-copy-source'])) ?? [];
      if (Key === undefined) return forward();
      expect(url).toContain(Key);
      const of = { Bucket: stack.bucket.bucketName, Key };
      const { Body } = await stack.bucket.client.send(new GetObjectCommand({ ...of, VersionId }));
      const bytes = (await Body?.transformToByteArray()) ?? '';
      await stack.bucket.client.send(new PutObjectCommand({ ...of, Body: bytes }));
      return respond('<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>');
    });
    env = { ...stack.env, ...CLI, AWS_ENDPOINT_URL_S3: s3.endpoint, bucket: stack.bucket.bucketName };
    closing.push(s3, stack);
  });
  const closing: { close: () => Promise<void> }[] = [];
  afterAll(() => Promise.all(closing.map((server) => server.close())));

  test('--check and --orphans run as the page has them', async () => {
    const [check = ''] = blocks.filter((block) => block.trim() === 'node server.mjs --check');
    used.add(check);
    expect((await bash(check, { env })).stdout).toMatch(/^ok +table /m);
    const orphans = await bash(blockWith('node server.mjs --orphans\n'), { env });
    expect(orphans.stdout.match(/"summary"/g)).toHaveLength(2);
  });

  test('show whether there is a record', async () => {
    await stack.table.put({ userId: 'alice', jobId: 7, jobName: 'Walk' });
    const { stdout } = await bash(blockWith('aws dynamodb get-item --table-name jobs --consistent-read'), { env });
    expect(JSON.parse(stdout)).toMatchObject({ Item: { jobName: { S: 'Walk' } } });
  });

  test('show what is left of a job that cannot be deleted', async () => {
    await stack.bucket.put('alice/7/left.png', 'left');
    const { stdout } = await bash(blockWith('--prefix alice/7/ --max-items'), { env });
    expect(stdout).toMatch(/^ok +table /m);
    expect(stdout).toContain('"Key": "alice/7/left.png"');
  });

  test('bring a file back that was overwritten and deleted', async () => {
    const Key = 'alice/7/a.png';
    for (const text of ['first', 'overwritten']) await stack.bucket.put(Key, text);
    await stack.bucket.hide(Key);
    const block = blockWith('--version-id MARKER');
    const [list = ''] = block.split('\n');
    const { Versions, DeleteMarkers } = JSON.parse((await bash(list, { env })).stdout) as {
      Versions: { VersionId: string; Size: number }[];
      DeleteMarkers: { VersionId: string }[];
    };
    const oldest = Versions.find(({ Size }) => Size === 'first'.length)?.VersionId ?? '';
    await bash(block.replace('MARKER', DeleteMarkers[0]?.VersionId ?? '').replace('VERSION', oldest), { env });
    const { Body } = await stack.bucket.client.send(new GetObjectCommand({ Bucket: stack.bucket.bucketName, Key }));
    expect(await Body?.transformToString()).toBe('first');
  });

  test('restore the table to a time', async () => {
    const dynamo = await startAws('application/x-amz-json-1.0', '{}');
    const restore = blockWith('restore-table-to-point-in-time');
    await bash(restore, { env: { ...CLI, AWS_ENDPOINT_URL_DYNAMODB: dynamo.origin } });
    await dynamo.close();
    const [request] = dynamo.requests;
    expect(request?.target).toBe('DynamoDB_20120810.RestoreTableToPointInTime');
    expect(JSON.parse(String(request?.body))).toEqual({
      SourceTableName: 'jobs',
      TargetTableName: 'jobs-restored',
      RestoreDateTime: Date.parse('2026-01-31T12:00:00Z') / 1000,
    });
  });
});

describe('the commands on a deployed stack', () => {
  let stack: LocalStack;
  let service: ServiceProcess;
  let cloudFormation: Awaited<ReturnType<typeof startAws>>;
  beforeAll(async () => {
    stack = await startStack();
    service = await startService(SERVICE, stack.env);
    const outputs = {
      ApiUrl: service.origin,
      UserPoolId: 'eu-west-1_AbCdEfGhI',
      UserPoolClientId: 'client',
      FunctionName: 'jobs-api-Function',
    };
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    cloudFormation = await startAws(
      'text/xml',
      `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>jobs-api</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
  });
  afterAll(async () => {
    service.kill('SIGKILL');
    await Promise.all([service.exitCode, cloudFormation.close(), stack.close()]);
  });

  const ready = blockWith('Stacks[0].Outputs');
  const env = () => ({ ...CLI, AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.origin });

  test('see that it works, also with a password that has commas and quotes', async () => {
    const IdToken = await stack.tokenIssuer.issueToken('probe');
    const cognito = await startAws('application/x-amz-json-1.1', JSON.stringify({ AuthenticationResult: { IdToken } }));
    const password = `a,b"c' d\\e=f`;
    const { stdout } = await bash(`${ready}\n${blockWith('admin-initiate-auth')}`, {
      env: { ...env(), AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.origin },
      input: `${password}\n`,
    });
    await cognito.close();
    expect(stdout).toContain('{"status":"ready"}');
    expect(stdout).toContain('{"jobs":[]}');
    expect(JSON.parse(String(cognito.requests.at(-1)?.body))).toMatchObject({
      UserPoolId: 'eu-west-1_AbCdEfGhI',
      ClientId: 'client',
      AuthParameters: { USERNAME: 'probe@example.com', PASSWORD: password },
    });
  });

  test('put the code of another version into the function', async () => {
    const zip = new URL('packages/lambda-entry/dist/jobs-api-lambda.zip', ROOT);
    await copyFile(zip, join(folder, 'jobs-api-lambda.zip'));
    const lambda = await startAws('application/json', '{}');
    await bash(`${ready}\n${blockWith('aws lambda update-function-code')}`, {
      env: { ...env(), AWS_ENDPOINT_URL_LAMBDA: lambda.origin },
    });
    await lambda.close();
    const [request] = lambda.requests;
    expect(`${request?.method} ${request?.url}`).toBe('PUT /2015-03-31/functions/jobs-api-Function/code');
    const { ZipFile } = JSON.parse(String(request?.body)) as { ZipFile: string };
    expect(Buffer.from(ZipFile, 'base64').equals(await readFile(zip))).toBe(true);
  });
});

describe('the commands on a host', () => {
  let root: string;
  let stack: LocalStack;
  let service: ServiceProcess;
  beforeAll(async () => {
    root = join(folder, 'root');
    for (const path of ['etc/systemd/system', 'usr/lib/systemd/system', 'opt/jobs-api', 'usr/bin'])
      await mkdir(join(root, path), { recursive: true });
    // systemd-analyze checks that these exist, as on a host.
    await writeFile(join(root, 'usr/lib/systemd/system/sysinit.target'), '[Unit]\n');
    await writeFile(join(root, 'usr/bin/node'), '#!/bin/sh\n', { mode: 0o755 });
    await writeFile(join(root, 'opt/jobs-api/server-1.2.2.mjs'), '');
    stack = await startStack();
    service = await startService(SERVICE, stack.env);
  });
  afterAll(async () => {
    service.kill('SIGKILL');
    await Promise.all([service.exitCode, stack.close()]);
  });

  /** Runs commands with a folder as the root of the host. There, systemd enables units, but starts nothing. */
  const onHost = (block: string) => {
    const systemctl = `systemctl() {
      echo "$*" >>${root}/systemctl.log
      if [ "$1" = enable ]; then command systemctl --quiet --root=${root} enable "\${@:3}"; fi
    }`;
    const script = block
      .replaceAll(/(?<=[\s"])\/(etc|opt)\//g, `${root}/$1/`)
      .replaceAll('http://127.0.0.1:3000', service.origin)
      // "Then edit it"
      .replace(/^install -m 600 .*$/m, (line) => `${line}\ncp edited.env ${root}/etc/jobs-api.env`);
    return bash(`${systemctl}\n${script}`);
  };

  test('install the service and the search for orphans, update and roll back', async () => {
    await writeFile(
      join(folder, 'edited.env'),
      Object.entries(stack.env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    expect((await onHost(blockWith('install -D -m 644'))).stdout).toContain('{"status":"ready"}');
    expect((await onHost(blockWith('set -a && . /etc/jobs-api.env'))).stdout).toMatch(/^ok +table /m);
    await onHost(blockWith('jobs-api-orphans.timer'));
    const { stdout } = await bash(`systemd-analyze --root=${root} verify jobs-api.service jobs-api-orphans.timer 2>&1`);
    expect(stdout).toBe('');
    expect(await readlink(join(root, 'opt/jobs-api/server.mjs'))).toBe('server-1.2.3.mjs');

    expect((await onHost(blockWith('ln -sfn server-1.2.2.mjs'))).stdout).toContain('server-1.2.3.mjs');
    expect(await readlink(join(root, 'opt/jobs-api/server.mjs'))).toBe('server-1.2.2.mjs');
    expect((await readFile(join(root, 'systemctl.log'), 'utf8')).trim().split('\n')).toEqual([
      'daemon-reload',
      'enable --now jobs-api',
      'daemon-reload',
      'enable --now jobs-api-orphans.timer',
      'restart jobs-api',
    ]);
    const wanted = join(root, 'etc/systemd/system');
    await readlink(join(wanted, 'multi-user.target.wants/jobs-api.service'));
    await readlink(join(wanted, 'timers.target.wants/jobs-api-orphans.timer'));
  });
});

describe('containers', () => {
  test('the steps of the Dockerfile make a folder in which its command runs, and ends at SIGTERM', async () => {
    const steps = (await readFile(new URL('infra/Dockerfile', ROOT), 'utf8')).matchAll(/^([A-Z]+) (.+)$/gm);
    const {
      FROM,
      WORKDIR,
      COPY = '',
      CMD = '',
      ...others
    } = Object.fromEntries(Array.from(steps, ([, step = '', text = '']) => [step, text]));
    expect({ FROM, WORKDIR, ...others }).toEqual({
      FROM: 'node:24-slim',
      WORKDIR: '/app',
      USER: '1000',
      EXPOSE: '3000',
    });
    const app = join(folder, 'app');
    await mkdir(app);
    const [file = '', to = ''] = COPY.split(' ');
    await copyFile(new URL(`packages/service-entry/dist/${file}`, ROOT), join(app, to, file));
    const stack = await startStack();
    const [node, ...args] = JSON.parse(CMD) as string[];
    expect(node).toBe('node');
    const started = startProcess(args, {
      cwd: app,
      env: { ...stack.env, HOST: '127.0.0.1', PORT: '0', DRAIN_SECONDS: '0' },
    });
    await started.untilLine((line) => (line.includes('"listening"') ? true : undefined));
    started.child.kill('SIGTERM');
    expect(await started.exitCode).toBe(0);
    await stack.close();
  });

  test('the commands for Kubernetes make the configuration, the deployment, the service and the budget', async () => {
    await copyFile(new URL('infra/host/jobs-api.env', ROOT), join(folder, 'jobs-api.env'));
    const cluster = await startCluster();
    const config = {
      clusters: [{ name: 'c', cluster: { server: cluster.origin } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
      users: [{ name: 'c', user: {} }],
    };
    await writeFile(
      join(folder, 'kubeconfig'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'c', ...config }),
    );
    // The cluster has no schemas: infra/documents.test.ts compares the manifest with them.
    const script = blockWith('kubectl apply').replace('kubectl apply', 'kubectl apply --validate=false');
    const { stdout } = await bash(script, { env: { KUBECONFIG: 'kubeconfig' } });
    await cluster.close();
    expect(stdout.trim().split('\n')).toEqual([
      'configmap/jobs-api created',
      'deployment.apps/jobs-api created',
      'service/jobs-api created',
      'poddisruptionbudget.policy/jobs-api created',
    ]);
  });
});

/** A Kubernetes API that has nothing yet, and accepts what it gets. */
const startCluster = () => {
  const resource = (name: string, kind: string) => ({
    name,
    kind,
    namespaced: true,
    verbs: ['create', 'get', 'patch'],
  });
  const resources: Record<string, object[]> = {
    v1: [resource('configmaps', 'ConfigMap'), resource('services', 'Service')],
    'apps/v1': [resource('deployments', 'Deployment')],
    'policy/v1': [resource('poddisruptionbudgets', 'PodDisruptionBudget')],
  };
  const groups = ['apps', 'policy'].map((name) => {
    const version = { groupVersion: `${name}/v1`, version: 'v1' };
    return { name, versions: [version], preferredVersion: version };
  });
  return startStub((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const groupVersion = path.replace(/^\/apis?\//, '');
    if (request.method === 'POST') {
      response.writeHead(201, { 'Content-Type': request.headers['content-type'] ?? 'application/json' });
      request.pipe(response);
      return;
    }
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (path === '/api') send(200, { kind: 'APIVersions', versions: ['v1'] });
    else if (path === '/apis') send(200, { kind: 'APIGroupList', apiVersion: 'v1', groups });
    else if (resources[groupVersion])
      send(200, { kind: 'APIResourceList', groupVersion, resources: resources[groupVersion] });
    else send(404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 });
  });
};

test('every command of the page is run by a test above, or cannot be run here', () => {
  const excused = Object.keys(NOT_RUN).map(blockWith);
  expect(excused).toHaveLength(3);
  expect(blocks.filter((block) => !used.has(block) && !isQuery(block))).toEqual([]);
});
