import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jobsTable } from '@jobs-api/adapters-aws';
import { startLocalDynamo, startLocalS3, type LocalStack } from '@jobs-api/local';
import { INHERITED_ENV } from '@jobs-api/local/start-process';
import { SERVICE } from '../harness/built.ts';
import { startProxy, type ProxyOutcome, type ProxyScript } from '../harness/proxy.ts';
import { runToEnd, startService } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';
import { startStub } from '../harness/stub-server.ts';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/operations.md', ROOT), 'utf8');
const blocks = [...page.matchAll(/^( *)```bash\n([\s\S]+?)^ *```/gm)].map(([, indent = '', block = '']) =>
  block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);
const blockWith = (text: string): string => {
  const found = blocks.filter((block) => block.includes(text));
  if (found.length !== 1) throw new Error(`${found.length} blocks have ${text}`);
  return found[0] ?? '';
};

const bash = async (script: string, cwd: string, env: Readonly<Record<string, string>> = {}) => {
  const all = { ...INHERITED_ENV, HOME: cwd, AWS_EC2_METADATA_DISABLED: 'true', ...env };
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd,
    env: all,
  });
  return { stdout, stderr };
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobs-api-'));
  await symlink(SERVICE, join(folder, 'server.mjs'));
  await symlink(fileURLToPath(new URL('infra', ROOT)), join(folder, 'infra'));
});
afterAll(() => rm(folder, { recursive: true }));

const respond = (body: string): ProxyOutcome => ({ status: 200, headers: {}, body: Buffer.from(body) });
/** Calls that the stand-ins do not have. */
const withBackups: ProxyScript = ({ headers }, forward) =>
  String(headers['x-amz-target']).endsWith('UpdateContinuousBackups') ? respond('{}') : forward();
const withPublicAccessBlock: ProxyScript = ({ url }, forward) =>
  url.includes('publicAccessBlock') ? respond('') : forward();

describe('the commands that create a table and a bucket', () => {
  test('make a table and a bucket that pass --check', async () => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
    const [dynamo, s3, stack] = await Promise.all([startLocalDynamo(), startLocalS3({ credentials }), startStack()]);
    const [table, bucket] = await Promise.all([
      startProxy(dynamo.endpoint, withBackups),
      startProxy(s3.endpoint, withPublicAccessBlock),
    ]);
    const iam = await startStub((_, response) => void response.end('<PutRolePolicyResponse/>'));
    const env = {
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local-secret',
      AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
      AWS_ENDPOINT_URL_S3: bucket.endpoint,
      AWS_ENDPOINT_URL_IAM: iam.origin,
    };
    // As the page says for us-east-1.
    const script = blockWith('aws dynamodb create-table').replace(/ --create-bucket-configuration \S+/, '');
    await bash(script, folder, env);
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
  let stack: LocalStack;
  const log = blockWith('fromjson?');

  beforeAll(async () => {
    stack = await startStack();
    await stack.table.put({ userId: 'alice', jobId: 7, jobName: 'Walk', status: 'success' });
    await stack.table.putUnreadable('alice', 8);
    const service = await startService(SERVICE, stack.env);
    const { origin, log: lines } = service;
    const Authorization = await stack.tokenIssuer.issueToken('alice');
    const send = async (path: string, method = 'GET', headers: Record<string, string> = { Authorization }) => {
      await (await fetch(`${origin}/api/v1/jobs${path}`, { method, headers })).text();
    };
    await send('/list');
    await send('/get?job-id=8');
    await send('/delete?job-id=7', 'DELETE');
    await send('/list', 'GET', {});
    service.kill('SIGTERM');
    await service.exitCode;
    await writeFile(join(folder, 'service.log'), ['(node:1) a warning that is not JSON', ...lines, ''].join('\n'));
    await stack.close();
  });

  test('all run without an error', async () => {
    const onLog = blocks.filter((block) => block.includes('<service.log'));
    expect(onLog.length).toBeGreaterThanOrEqual(8);
    for (const block of onLog) expect((await bash(`${log}\n${block}`, folder)).stderr).toBe('');
  });

  test.each([
    [
      'a user says a job vanished: the delete',
      '.user_id == "alice" and .job_id == 7',
      /"method":"DELETE".*"status":200/,
    ],
    ['which records cannot be read', '.error.code == "UNREADABLE_JOB"', /"alice".*contentLength/],
    ['why tokens are rejected', '.status == 401', /1 "?.*(missing|no token)/i],
    ['which routes return 5xx', '.error.code // .error.name', /1 \["\/api\/v1\/jobs\/get",500,"UNREADABLE_JOB"/],
    ['p99 by route', 'p99:', /"route": "\/api\/v1\/jobs\/list"/],
  ])('show %s', async (_name, filter, expected) => {
    const { stdout } = await bash(`${log}\n${blockWith(filter)}`, folder);
    expect(stdout).toMatch(expected);
  });
});

describe('the commands of the service', () => {
  test('--check and --orphans run as the page has them', async () => {
    const stack = await startStack();
    const { stdout } = await bash('node server.mjs --check', folder, stack.env);
    expect(stdout).toMatch(/^ok +table /m);
    const orphans = await bash(blockWith('node server.mjs --orphans\n'), folder, stack.env);
    expect(orphans.stdout.match(/"summary"/g)).toHaveLength(2);
    await stack.close();
  });
});

describe('the commands that make a token', () => {
  test('pass a password with commas and quotes unchanged', async () => {
    const bodies: string[] = [];
    const cognito = await startStub((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.1' });
        response.end('{"AuthenticationResult":{"IdToken":"the-token"}}');
      });
    });
    const block = blockWith('admin-initiate-auth').replace(/^curl .*\n/m, 'echo "token: $TOKEN"\n');
    const password = `a,b"c' d\\e=f`;
    const stack = `stack() { echo "$1"; }\n`;
    const { stdout } = await bash(`${stack}${block.replace(/^read .*$/m, 'password=$GIVEN')}`, folder, {
      GIVEN: password,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local-secret',
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.origin,
    });
    await cognito.close();
    expect(stdout).toBe('token: the-token\n');
    expect(bodies.map((body) => JSON.parse(body) as object).at(-1)).toMatchObject({
      AuthParameters: { USERNAME: 'probe@example.com', PASSWORD: password },
    });
  });
});
