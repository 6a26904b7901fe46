import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { SERVICE } from '../harness/built.ts';
import { startGate } from '../harness/gate.ts';
import { startProxy } from '../harness/proxy.ts';
import { runToEnd } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

const ACCESS_DENIED = Buffer.from('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');

/** Starts an S3 that refuses requests with one of these parameters and forwards all others. */
const startRefusing = (target: string, ...parameters: string[]) =>
  startProxy(target, ({ url }, forward) => {
    const { searchParams } = new URL(url, target);
    if (!parameters.some((parameter) => searchParams.has(parameter))) return forward();
    return { status: 403, headers: { 'content-type': 'application/xml' }, body: ACCESS_DENIED };
  });

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

  test('warns of what the service works without', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_SUMMARY_INDEX: '' });
    expect(verdicts).toEqual([
      'ok configuration',
      'ok credentials',
      'ok table',
      'warning index projection',
      'ok bucket',
      'warning versioning',
      'warning lifecycle',
      'ok token keys',
    ]);
    expect(of('index projection')).toMatch('JOBS_SUMMARY_INDEX is not set');
    expect(of('lifecycle')).toBe(
      'warning: Uploads that were given up are kept, and paid for: add AbortIncompleteMultipartUpload.',
    );
    expect(exitCode).toBe(0);
  });

  test('says that all is right where it is', async () => {
    await stack.bucket.create({ versioned: true });
    await stack.bucket.setLifecycle({
      ID: 'end-what-nobody-sees',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    });
    const { exitCode, verdicts } = await check();
    expect(verdicts.filter((verdict) => !verdict.startsWith('ok '))).toEqual([]);
    expect(verdicts).toHaveLength(8);
    expect(exitCode).toBe(0);
  });

  test('warns of a lifecycle that deletes files, or that is turned off', async () => {
    const expiring = { ID: 'tidy', Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 30 } };
    const off = {
      ID: 'off',
      Status: 'Disabled' as const,
      Filter: { Prefix: '' },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    };
    await stack.bucket.setLifecycle(expiring, off);
    expect((await check()).of('lifecycle')).toMatch(
      /^warning: The rule tidy deletes files .* add AbortIncomplete.* add NoncurrentVersionExpiration\.$/,
    );
  });

  test('fails for a table that is not there, and does not look at its index', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_TABLE: 'no-such-table' });
    expect(of('table')).toMatch(/^failed: There is no table no-such-table .* correct JOBS_TABLE\.$/);
    expect(verdicts).toContain('skipped index projection');
    expect(verdicts).toContain('ok bucket');
    expect(exitCode).toBe(1);
  });

  test('fails for an index that is not there, or lacks what a list shows', async () => {
    const missing = await check({ JOBS_SUMMARY_INDEX: 'jobs-by-date' });
    expect(missing.of('index projection')).toMatch(
      'failed: Of jobs, the table has no global secondary index jobs-by-date',
    );
    expect(missing.exitCode).toBe(1);

    await stack.table.createLean('lean');
    const lean = await check({ JOBS_TABLE: 'lean' });
    expect(lean.of('table')).toMatch('ok: ');
    expect(lean.of('index projection')).toMatch('does not project jobName, date, contentLength, creditsSpent, status');
    expect(lean.exitCode).toBe(1);
  });

  test('fails for a bucket that is not there, and does not look at its settings', async () => {
    const { exitCode, verdicts, of } = await check({ JOBS_BUCKET: 'no-such-bucket' });
    expect(of('bucket')).toBe('failed: There is no bucket no-such-bucket. Create it, or correct JOBS_BUCKET.');
    expect(verdicts).toEqual(expect.arrayContaining(['skipped versioning', 'skipped lifecycle']));
    expect(exitCode).toBe(1);
  });

  test('fails for credentials that S3 does not know', async () => {
    const { exitCode, of } = await check({ AWS_ACCESS_KEY_ID: 'somebody-else' });
    expect(of('bucket')).toMatch(/^failed: AWS refuses: allow s3:ListBucket on the bucket jobs-files\./);
    expect(exitCode).toBe(1);
  });

  test('fails without credentials, and does not look at what takes them', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { exitCode, verdicts, of } = await check(none);
    expect(of('credentials')).toMatch(/^failed: .*Could not load credentials.* give the process a role/);
    expect(verdicts).toEqual(expect.arrayContaining(['skipped table', 'skipped bucket', 'ok token keys']));
    expect(exitCode).toBe(1);
  });

  test('only warns where it may not look at the settings of the bucket, and names the right', async () => {
    const refusing = await startRefusing(stack.env.AWS_ENDPOINT_URL_S3, 'versioning', 'lifecycle');
    const { exitCode, of } = await check({ AWS_ENDPOINT_URL_S3: refusing.endpoint });
    await refusing.close();
    expect(of('versioning')).toBe(
      'warning: Cannot be looked at. AWS refuses: allow s3:GetBucketVersioning on the bucket jobs-files.',
    );
    expect(of('lifecycle')).toMatch('allow s3:GetLifecycleConfiguration on the bucket jobs-files.');
    expect(exitCode).toBe(0);
  });

  test('fails for token keys that cannot be had, and says why', async () => {
    const { exitCode, of } = await check({ JWT_JWKS_URI: `${stack.tokenIssuer.issuer}/nothing` });
    expect(of('token keys')).toMatch(/^failed: http.*\/nothing: .* responded with status 404$/);
    expect(exitCode).toBe(1);
    const down = await startGate(stack.tokenIssuer.issuer);
    await down.close();
    expect((await check({ JWT_JWKS_URI: `${down.endpoint}/keys` })).of('token keys')).toMatch(/ECONNREFUSED/);
  });

  test('gives up on what does not answer', async () => {
    const gate = await startGate(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
    gate.shut();
    const { exitCode, verdicts, of } = await check({ AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint });
    await gate.close();
    expect(of('table')).toMatch('failed: No answer within 10 s.');
    expect(verdicts).toContain('ok token keys');
    expect(exitCode).toBe(1);
  });

  test('names every variable that is missing or wrong, and looks at the rest where it can', async () => {
    const { exitCode, verdicts, of } = await check({ METRICS_PORT: 'http' });
    expect(of('configuration')).toBe('failed: METRICS_PORT must be a whole number from 0 to 65535.');
    expect(verdicts).toContain('ok table');
    expect(exitCode).toBe(1);
    const { stdout } = await runToEnd(SERVICE, {}, ['--check']);
    expect(stdout).toMatch(/^failed +configuration +JOBS_TABLE is missing\.$/m);
    expect(stdout).toMatch(/^skipped +everything else /m);
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
  ])('%j is refused, and what is allowed is named', async (args, message) => {
    const { exitCode, stdout, stderr } = await runToEnd(SERVICE, {}, args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(USAGE);
  });
});
