import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startGate } from '@jobs-api/local/loopback';
import { startProcess } from '@jobs-api/local/start-process';
import { SERVICE } from '../harness/built.ts';
import { startProxy, type ProxiedRequest, type ProxiedResponse } from '../harness/proxy.ts';
import { runToEnd } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

type Endpoints = Pick<LocalStack['env'], 'AWS_ENDPOINT_URL_DYNAMODB' | 'AWS_ENDPOINT_URL_S3'>;

/** Returns the name of a call from its request. */
const nameOf = ({ method, url, headers }: ProxiedRequest): string => {
  const target = headers['x-amz-target'];
  if (target !== undefined) return String(target).replace(/^.*\./, '');
  const { searchParams, pathname } = new URL(url, 'http://localhost');
  const calls = [
    ['uploads', 'ListMultipartUploads'],
    ['versions', 'ListObjectVersions'],
    ['versioning', 'GetBucketVersioning'],
    ['lifecycle', 'GetBucketLifecycleConfiguration'],
    ['object-lock', 'GetObjectLockConfiguration'],
    ['uploadId', 'AbortMultipartUpload'],
    ['delete', 'DeleteObjects'],
  ];
  const [, name] = calls.find(([parameter = '']) => searchParams.has(parameter)) ?? [];
  return name ?? (method === 'HEAD' ? 'HeadBucket' : /^\/[^/]+\/?$/.test(pathname) ? 'other' : 'GetObject');
};

/** A response as DynamoDB or S3 sends it. */
const responseTo = (request: ProxiedRequest, status: number, body: string, headers: IncomingHttpHeaders = {}) => {
  const type = 'x-amz-target' in request.headers ? 'application/x-amz-json-1.0' : 'application/xml';
  return { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(body) };
};

const errorFor = (request: ProxiedRequest, status: number, code: string, headers?: IncomingHttpHeaders) => {
  const isJson = 'x-amz-target' in request.headers;
  const body = isJson
    ? JSON.stringify({ __type: `com.amazonaws#${code}Exception`, message: 'no' })
    : `<Error><Code>${code}</Code><Message>no</Message></Error>`;
  return responseTo(request, status, request.method === 'HEAD' ? '' : body, headers);
};

/** Runs with endpoints that respond to some calls in their own way, and forward all others. */
const withEndpoints = async <Result>(
  env: Endpoints,
  respond: (name: string, request: ProxiedRequest) => ProxiedResponse | undefined,
  run: (endpoints: Endpoints) => Promise<Result>,
): Promise<Result> => {
  const start = (target: string) =>
    startProxy(target, (request, forward) => respond(nameOf(request), request) ?? forward());
  const [dynamo, s3] = await Promise.all([start(env.AWS_ENDPOINT_URL_DYNAMODB), start(env.AWS_ENDPOINT_URL_S3)]);
  try {
    return await run({ AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint, AWS_ENDPOINT_URL_S3: s3.endpoint });
  } finally {
    await Promise.all([dynamo.close(), s3.close()]);
  }
};

/** Each call that the service needs, with the check that tries it and the permission. */
const NEEDED = [
  ['DescribeTable', 'table', 'dynamodb:DescribeTable'],
  ['GetItem', 'table', 'dynamodb:GetItem'],
  ['Query', 'index projection', 'dynamodb:Query'],
  ['DeleteItem', 'delete records', 'dynamodb:DeleteItem'],
  ['HeadBucket', 'bucket', 's3:ListBucket'],
  ['GetObject', 'read files', 's3:GetObject'],
  ['ListMultipartUploads', 'delete files', 's3:ListBucketMultipartUploads'],
  ['ListObjectVersions', 'delete files', 's3:ListBucketVersions'],
  ['AbortMultipartUpload', 'delete files', 's3:AbortMultipartUpload'],
  ['DeleteObjects', 'delete files', 's3:DeleteObject and s3:DeleteObjectVersion'],
] as const;

/** Each call for a setting, with its check and the permission. */
const SETTINGS = [
  ['DescribeContinuousBackups', 'backups', 'dynamodb:DescribeContinuousBackups'],
  ['GetObjectLockConfiguration', 'object lock', 's3:GetBucketObjectLockConfiguration'],
  ['GetBucketVersioning', 'versioning', 's3:GetBucketVersioning'],
  ['GetBucketLifecycleConfiguration', 'lifecycle', 's3:GetLifecycleConfiguration'],
] as const;

describe('--check', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const check = async (changes: Readonly<Record<string, string>> = {}) => {
    const { exitCode, stdout, stderr } = await runToEnd(SERVICE, { ...stack.env, ...changes }, ['--check']);
    expect(stderr).toBe('');
    const lines = stdout.trimEnd().split('\n');
    const findings = lines.map((line) => line.split(/ {2,}/) as [verdict: string, subject: string, text: string]);
    const of = (subject: string) => {
      const found = findings.find(([, name]) => name === subject);
      return found && `${found[0]}: ${found[2]}`;
    };
    return { exitCode, verdicts: findings.map(([verdict, subject]) => `${verdict} ${subject}`), of };
  };

  const WHOLE_BUCKET = {
    ID: 'tidy',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
  };
  const BACKUPS = JSON.stringify({
    ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' } },
  });
  /** Runs against the healthy stack, except for these calls. */
  const checkWith = (respond: Parameters<typeof withEndpoints>[1]) => withEndpoints(stack.env, respond, check);

  test('warns about what the service can do without', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_SUMMARY_INDEX: '', CORS_ORIGIN: 'https://example.com' });
    expect(verdicts).toEqual([
      'warning configuration',
      'ok configuration',
      'ok credentials',
      'ok table',
      'warning index projection',
      'ok delete records',
      'skipped backups',
      'ok bucket',
      'ok read files',
      'ok delete files',
      'ok object lock',
      'warning versioning',
      'warning lifecycle',
      'ok token keys',
    ]);
    expect(of('configuration')).toBe('warning: CORS_ORIGIN is not a variable of this service. Is CORS_ORIGINS meant?');
    expect(of('index projection')).toMatch('JOBS_SUMMARY_INDEX is not set');
    expect(of('lifecycle')).toMatch('add a rule for the whole bucket with AbortIncompleteMultipartUpload.');
    expect(exitCode).toBe(0);
  });

  test('prints ok for everything on a healthy stack, and leaves nothing behind', async () => {
    await stack.bucket.create({ versioned: true });
    await stack.bucket.setLifecycle(WHOLE_BUCKET);
    const { exitCode, verdicts } = await checkWith((name, request) =>
      name === 'DescribeContinuousBackups' ? responseTo(request, 200, BACKUPS) : undefined,
    );
    expect(verdicts.filter((verdict) => !verdict.startsWith('ok '))).toEqual([]);
    expect(verdicts).toHaveLength(13);
    expect(exitCode).toBe(0);
    expect(await stack.bucket.contents('')).toEqual([]);
  });

  test.each(NEEDED)('fails when %s is refused, and names status, code and permission', async (call, subject, right) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === call ? errorFor(request, 403, 'AccessDenied') : undefined,
    );
    expect(of(subject)).toMatch(
      new RegExp(
        `^failed: ${call}: status 403 (AccessDenied(Exception)?: no|without a code)\\. Allow ${right} on the `,
      ),
    );
    expect(exitCode).toBe(1);
  });

  test.each(NEEDED)('fails when %s is not implemented, and says so', async (call, subject, _right) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === call ? errorFor(request, 501, 'NotImplemented') : undefined,
    );
    expect(of(subject)).toMatch(
      new RegExp(`^failed: ${call}: status 501 .* The server at AWS_ENDPOINT_URL_.* has no ${call}, which the service`),
    );
    expect(exitCode).toBe(1);
  });

  test.each([
    [403, 'AccessDenied', /Allow dynamodb:Query on the table jobs\.$/],
    [501, 'NotImplemented', /has no Query, which the service needs\.$/],
  ])('fails without an index when Query has the status %i %s', async (status, code, sentence) => {
    const { exitCode, of } = await withEndpoints(
      stack.env,
      (name, request) => (name === 'Query' ? errorFor(request, status, code) : undefined),
      (endpoints) => check({ ...endpoints, JOBS_SUMMARY_INDEX: '' }),
    );
    expect(of('index projection')).toMatch(/^failed: Query: status /);
    expect(of('index projection')).toMatch(sentence);
    expect(exitCode).toBe(1);
  });

  test.each(SETTINGS)('warns when %s is refused, and names the permission', async (call, subject, right) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === call ? errorFor(request, 403, 'AccessDenied') : undefined,
    );
    expect(of(subject)).toMatch(new RegExp(`^warning: Cannot be checked\\. ${call}: status 403 .* Allow ${right} on`));
    expect(exitCode).toBe(0);
  });

  test.each(SETTINGS)('does not fail when %s is not implemented', async (call, subject, _right) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === call ? errorFor(request, 501, 'NotImplemented') : undefined,
    );
    expect(of(subject)).not.toMatch(/^failed/);
    expect(exitCode).toBe(0);
  });

  test('fails when one key of a batch is refused', async () => {
    const { of } = await checkWith((name, request) =>
      name === 'DeleteObjects'
        ? responseTo(request, 200, '<R><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></R>')
        : undefined,
    );
    expect(of('delete files')).toBe(
      'failed: DeleteObjects: status 200 AccessDenied. Allow s3:DeleteObject and s3:DeleteObjectVersion on the bucket jobs-files.',
    );
  });

  test('fails when the store ignores the prefix of a list', async () => {
    const list =
      '<R><IsTruncated>false</IsTruncated><Version><Key>alice/1/a</Key><VersionId>1</VersionId></Version></R>';
    const { of } = await checkWith((name, request) =>
      name === 'ListObjectVersions' ? responseTo(request, 200, list) : undefined,
    );
    expect(of('delete files')).toMatch(
      /^failed: ListObjectVersions failed: 1 of 1 keys are not under the prefix requested\. .* use another one\.$/,
    );
  });

  const lockOf = (inner: string) =>
    `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${inner}</ObjectLockConfiguration>`;
  test.each([
    [
      'with a default retention',
      lockOf('<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>9</Days></DefaultRetention></Rule>'),
      1,
      'failed: Object Lock keeps every file for a while (COMPLIANCE), so jobs cannot be deleted',
    ],
    ['without a default retention', lockOf(''), 0, 'warning: Object Lock is on, without a default'],
  ])('reports Object Lock %s', async (_, body, expectedCode, sentence) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === 'GetObjectLockConfiguration' ? responseTo(request, 200, body) : undefined,
    );
    expect(of('object lock')).toContain(sentence);
    expect(exitCode).toBe(expectedCode);
  });

  test('fails for MFA delete', async () => {
    const body = '<V><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></V>';
    const { exitCode, of } = await checkWith((name, request) =>
      name === 'GetBucketVersioning' ? responseTo(request, 200, body) : undefined,
    );
    expect(of('versioning')).toMatch(/^failed: MFA delete is on/);
    expect(exitCode).toBe(1);
  });

  test('warns about a table without point-in-time recovery', async () => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === 'DescribeContinuousBackups' ? responseTo(request, 200, BACKUPS.replace('EN', 'DIS')) : undefined,
    );
    expect(of('backups')).toMatch(/^warning: Point-in-time recovery is off/);
    expect(exitCode).toBe(0);
  });

  test('fails for a bucket in another region, and names the region', async () => {
    const { exitCode, of } = await checkWith((name, request) =>
      ['HeadBucket', 'ListObjectVersions'].includes(name)
        ? errorFor(request, 301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-central-1' })
        : undefined,
    );
    expect(of('bucket')).toMatch(
      /^failed: HeadBucket: status 301 PermanentRedirect.* in the region eu-central-1: set AWS_REGION=eu-central-1\.$/,
    );
    expect(exitCode).toBe(1);
  });

  test.each([
    ['SignatureDoesNotMatch', /The credentials are wrong: correct AWS_ACCESS_KEY_ID/],
    ['InvalidAccessKeyId', /The credentials are wrong/],
    ['ExpiredToken', /The credentials have expired/],
    ['RequestTimeTooSkewed', /The clock of this host is wrong/],
  ])('fails for the error %s of S3, and says what to do', async (code, advice) => {
    const { exitCode, of } = await checkWith((name, request) =>
      ['HeadBucket', 'ListObjectVersions'].includes(name) ? errorFor(request, 403, code) : undefined,
    );
    expect(of('bucket')).toMatch(new RegExp(`^failed: HeadBucket: status 403 ${code}: no\\.`));
    expect(of('bucket')).toMatch(advice);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['UnrecognizedClient', /The credentials are wrong: correct AWS_ACCESS_KEY_ID/],
    ['InvalidSignature', /The credentials are wrong/],
    ['ExpiredToken', /The credentials have expired/],
  ])('fails for the error %sException of DynamoDB, and says what to do', async (code, advice) => {
    const { exitCode, of } = await checkWith((name, request) =>
      name === 'DescribeTable' ? errorFor(request, 400, code) : undefined,
    );
    expect(of('table')).toMatch(`failed: DescribeTable: status 400 ${code}Exception: no.`);
    expect(of('table')).toMatch(advice);
    expect(exitCode).toBe(1);
  });

  test('fails for a wrong secret key, and says which variables to correct', async () => {
    const { exitCode, of } = await check({ AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(of('bucket')).toMatch(
      /^failed: HeadBucket: status 403 SignatureDoesNotMatch.* The credentials are wrong: correct AWS_ACCESS_KEY_ID and/,
    );
    expect(exitCode).toBe(1);
  });

  test('fails for a wrong region, and says which variable to correct', async () => {
    const { exitCode, of } = await check({ AWS_REGION: 'eu-west-1' });
    expect(of('bucket')).toMatch(/^failed: HeadBucket: .*AWS_REGION/);
    expect(exitCode).toBe(1);
  });

  test.each<[string, (env: Endpoints) => Partial<Endpoints>, string, RegExp]>([
    [
      'DynamoDB is S3',
      ({ AWS_ENDPOINT_URL_S3: s3 }) => ({ AWS_ENDPOINT_URL_DYNAMODB: s3 }),
      'table',
      /does not respond as AWS does: correct AWS_ENDPOINT_URL_DYNAMODB\.$/,
    ],
    [
      'S3 is DynamoDB',
      ({ AWS_ENDPOINT_URL_DYNAMODB: d }) => ({ AWS_ENDPOINT_URL_S3: d }),
      'bucket',
      /AWS_ENDPOINT_URL_S3\.$/,
    ],
    [
      'S3 has a path',
      ({ AWS_ENDPOINT_URL_S3: s3 }) => ({ AWS_ENDPOINT_URL_S3: `${s3}/x` }),
      'bucket',
      /AWS_ENDPOINT_URL_S3\.$/,
    ],
    ['S3 has no scheme', () => ({ AWS_ENDPOINT_URL_S3: '127.0.0.1:9000' }), 'bucket', /Check AWS_ENDPOINT_URL_S3/],
    [
      'DynamoDB has no scheme',
      () => ({ AWS_ENDPOINT_URL_DYNAMODB: '127.0.0.1:9000' }),
      'table',
      /Check AWS_ENDPOINT_URL_DYNAMODB/,
    ],
    [
      'S3 refuses connections',
      () => ({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }),
      'bucket',
      /ECONNREFUSED.* Check AWS_ENDPOINT_URL_S3/,
    ],
    [
      'DynamoDB refuses connections',
      () => ({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }),
      'table',
      /ECONNREFUSED.* Check AWS_ENDPOINT_URL_DYNAMODB/,
    ],
    [
      'S3 has https and the server has not',
      ({ AWS_ENDPOINT_URL_S3: s3 }) => ({ AWS_ENDPOINT_URL_S3: s3.replace('http:', 'https:') }),
      'bucket',
      /Check AWS_ENDPOINT_URL_S3/,
    ],
  ])('fails when the address of %s, and names the variable', async (_, change, subject, sentence) => {
    const { exitCode, of } = await check(change(stack.env));
    expect(of(subject)).toMatch(/^failed: /);
    expect(of(subject)).toMatch(sentence);
    expect(exitCode).toBe(1);
  });

  test('checks lifecycle rules with their filters, and warns about archives and about rules that are off', async () => {
    const days = { Days: 30 };
    const verdictOn = async (...rules: Parameters<typeof stack.bucket.setLifecycle>) => {
      await stack.bucket.setLifecycle(...rules);
      return (await check()).of('lifecycle');
    };
    expect(await verdictOn({ ...WHOLE_BUCKET, Expiration: days })).toBe(
      'warning: the rule tidy deletes files whose jobs are still listed: remove it.',
    );
    expect(await verdictOn({ ...WHOLE_BUCKET, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] })).toBe(
      'warning: the rule tidy moves files to an archive, and links to them fail: use GLACIER_IR instead.',
    );
    expect(await verdictOn({ ...WHOLE_BUCKET, Transitions: [{ Days: 1, StorageClass: 'GLACIER_IR' }] })).toMatch(/^ok/);
    const other = { ...WHOLE_BUCKET, ID: 'other', Filter: { Prefix: 'logs/' } };
    expect(await verdictOn(other)).toMatch(
      /add a rule for the whole bucket with AbortIncomplete.*with NoncurrentVersionExpiration\. Not counted.*the rule other \(logs\/\)\.$/,
    );
    expect(await verdictOn(WHOLE_BUCKET, { ...other, Expiration: days })).toMatch(/^ok: .*the rule other \(logs\/\)/);
    expect(await verdictOn({ ...WHOLE_BUCKET, Status: 'Disabled' })).toMatch(/^warning: Uploads that were never/);
    await stack.bucket.setLifecycle(WHOLE_BUCKET);
  });

  test('fails for a table that does not exist, and skips its index', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_TABLE: 'no-such-table' });
    expect(of('table')).toMatch(
      /^failed: DescribeTable: status 400 ResourceNotFoundException.* create the table no-such-table, or correct JOBS_TABLE/,
    );
    expect(verdicts).toContain('skipped index projection');
    expect(verdicts).toContain('ok bucket');
    expect(exitCode).toBe(1);
  });

  test('fails for an index that does not exist, or lacks what a list shows', async () => {
    const missing = await check({ JOBS_SUMMARY_INDEX: 'jobs-by-date' });
    expect(missing.of('index projection')).toMatch(
      'failed: jobs: the table has no global secondary index jobs-by-date',
    );
    expect(missing.exitCode).toBe(1);

    await stack.table.createLean('lean');
    const lean = await check({ JOBS_TABLE: 'lean' });
    expect(lean.of('table')).toMatch('ok: ');
    expect(lean.of('index projection')).toMatch('does not project jobName, date, contentLength, creditsSpent, status');
    expect(lean.exitCode).toBe(1);
  });

  test('fails for a bucket that does not exist, and skips its settings', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_BUCKET: 'no-such-bucket' });
    expect(of('bucket')).toMatch(
      /^failed: HeadBucket: status 404.* create the bucket no-such-bucket, or correct JOBS_B/,
    );
    expect(verdicts).toEqual(expect.arrayContaining(['skipped versioning', 'skipped lifecycle']));
    expect(exitCode).toBe(1);
  });

  test('fails without credentials, and skips what needs them', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { exitCode, verdicts, of } = await check(none);
    expect(of('credentials')).toMatch(/^failed: .*Could not load credentials.* give the process a role/);
    expect(verdicts).toEqual(expect.arrayContaining(['skipped table', 'skipped bucket', 'ok token keys']));
    expect(exitCode).toBe(1);
  });

  test('fails for token keys that cannot be fetched, and names the reason', async () => {
    const { exitCode, of } = await check({ JWT_JWKS_URI: `${stack.tokenIssuer.issuer}/nothing` });
    expect(of('token keys')).toMatch(/^failed: http.*\/nothing: .* status 404\. Correct .*JWT_JWKS_URI\.$/);
    expect(exitCode).toBe(1);
    const down = await startGate(stack.tokenIssuer.issuer);
    await down.close();
    expect((await check({ JWT_JWKS_URI: `${down.endpoint}/keys` })).of('token keys')).toMatch(/ECONNREFUSED/);
  });

  test('fails when a dependency does not respond', async () => {
    const gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
    gate.shut();
    const { exitCode, verdicts, of } = await check({ AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint });
    await gate.close();
    expect(of('table')).toMatch('failed: No response within 10 s.');
    expect(verdicts).toContain('ok token keys');
    expect(exitCode).toBe(1);
  });

  test('names every variable that is missing or invalid, and checks the rest if it can', async () => {
    const { exitCode, verdicts, of } = await check({ METRICS_PORT: 'http' });
    expect(of('configuration')).toBe('failed: METRICS_PORT must be a whole number from 0 to 65535.');
    expect(verdicts).toContain('ok table');
    expect(exitCode).toBe(1);
    const { stdout } = await runToEnd(SERVICE, {}, ['--check']);
    expect(stdout).toMatch(/^failed +configuration +JOBS_TABLE is missing\.$/m);
    expect(stdout).toMatch(/^skipped +everything else /m);
  });

  test('ends as usual when its reader closes the pipe after the first line', async () => {
    const { child, errors, exitCode } = startProcess([SERVICE, '--check'], { env: stack.env });
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect({ exitCode: await exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  });
});

describe('the arguments of the built service', () => {
  const USAGE =
    /^Usage: node server\.mjs \[--check \| --orphans \[--older-than 24h\] \[--delete\] \| --version \| --help\]$/m;

  test('--help and --version need no configuration', async () => {
    expect(await runToEnd(SERVICE, {}, ['--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(USAGE),
    });
    expect(await runToEnd(SERVICE, {}, ['--version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n' });
  });

  test.each([
    [['--chekc'], /^Unknown option '--chekc'/],
    [['serve'], /^Unexpected argument 'serve'/],
    [['--check=yes'], /^Option '--check' does not take an argument/],
    [['--check', '--help'], /^--check, --orphans, --version and --help cannot be combined\./],
  ])('%j is rejected with a list of the allowed arguments', async (args, message) => {
    const { exitCode, stdout, stderr } = await runToEnd(SERVICE, {}, args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(USAGE);
  });
});
