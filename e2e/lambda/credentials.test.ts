import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { startEntryPoints, type EntryPoints } from '../harness/entry-points.ts';
import { startStub, type StubServer } from '../harness/stub-server.ts';
import { startStack } from '../harness/stack.ts';

const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const ROLE = 'arn:aws:iam::123456789012:role/jobs-api';
const SOON = new Date(Date.now() + 3_600_000).toISOString();

let stack: LocalStack;
let folder: string;
/** A source of credentials over HTTP. */
let giver: StubServer;
let entryPoints: EntryPoints;

beforeAll(async () => {
  [stack, folder, giver] = await Promise.all([
    startStack(),
    mkdtemp(join(tmpdir(), 'jobs-api-')),
    startStub((_, response) => response.end()),
  ]);
});

afterEach(() => entryPoints.close());

afterAll(async () => {
  await Promise.all([stack.close(), giver.close(), rm(folder, { recursive: true })]);
});

const keep = async (name: string, content: string): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
};

const asJson = { AccessKeyId: KEY_ID, SecretAccessKey: 'secret', Token: 'session', Expiration: SOON };
const asProcess = { Version: 1, AccessKeyId: KEY_ID, SecretAccessKey: 'secret' };

const bySts = (operation: string) =>
  giver.respond((_, response) =>
    response.end(
      `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result><Credentials>
        <AccessKeyId>${KEY_ID}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
        <SessionToken>session</SessionToken><Expiration>${SOON}</Expiration>
      </Credentials></${operation}Result></${operation}Response>`,
    ),
  );

/** Ways to get credentials. Each returns the variables that configure it. */
const ways: [string, () => Promise<Record<string, string>>][] = [
  ['the environment', async () => ({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: 'secret' })],
  [
    'a profile',
    async () => ({
      AWS_PROFILE: 'jobs',
      AWS_SHARED_CREDENTIALS_FILE: await keep(
        'credentials',
        `[jobs]\naws_access_key_id = ${KEY_ID}\naws_secret_access_key = secret\n`,
      ),
    }),
  ],
  [
    'a program',
    async () => {
      const script = await keep('program.mjs', `console.log(${JSON.stringify(JSON.stringify(asProcess))})`);
      const config = `[profile jobs]\ncredential_process = "${process.execPath}" "${script}"\n`;
      return { AWS_PROFILE: 'jobs', AWS_CONFIG_FILE: await keep('program', config) };
    },
  ],
  [
    'a role that a profile names',
    async () => {
      bySts('AssumeRole');
      const config = `[profile jobs]\nrole_arn = ${ROLE}\ncredential_source = Environment\n`;
      return {
        AWS_PROFILE: 'jobs',
        AWS_CONFIG_FILE: await keep('role', config),
        AWS_ACCESS_KEY_ID: 'another',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_STS: giver.origin,
      };
    },
  ],
  [
    'a role for a web identity token',
    async () => {
      bySts('AssumeRoleWithWebIdentity');
      return {
        AWS_ROLE_ARN: ROLE,
        AWS_WEB_IDENTITY_TOKEN_FILE: await keep('token', 'token'),
        AWS_ENDPOINT_URL_STS: giver.origin,
      };
    },
  ],
  [
    'a container',
    async () => {
      giver.respond((_, response) => response.end(JSON.stringify(asJson)));
      return { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${giver.origin}/credentials` };
    },
  ],
  [
    'a host',
    async () => {
      giver.respond(({ url = '' }, response) => {
        const isToken = url.endsWith('/api/token');
        const isList = url.endsWith('/security-credentials/');
        response.end(isToken ? 'token' : isList ? 'jobs-api' : JSON.stringify({ ...asJson, Code: 'Success' }));
      });
      return { AWS_EC2_METADATA_SERVICE_ENDPOINT: giver.origin };
    },
  ],
];

describe('both entry points sign with the credentials of', () => {
  test.each(ways)('%s', async (_, variables) => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...env } = stack.env;
    expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]).not.toContain(undefined);
    const files = { AWS_CONFIG_FILE: join(folder, 'none'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none') };
    entryPoints = await startEntryPoints({ ...env, HOME: folder, ...files, ...(await variables()) });
    const authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')] as const;
    const path = '/api/v1/jobs/get-object-url?job-id=1&object-uuid=a.png';
    for (const send of [entryPoints.service, entryPoints.gateways[0]]) {
      const { status, body } = await send({ path, headers: [authorization] });
      expect({ status, body }).toMatchObject({ status: 200 });
      const { url } = JSON.parse(body) as { url: string };
      expect(new URL(url).searchParams.get('X-Amz-Credential')).toMatch(new RegExp(`^${KEY_ID}/`));
    }
  });
});

describe('a source of credentials', () => {
  const expiring = () => ({ ...asJson, Expiration: new Date(Date.now() + 4_000).toISOString() });
  const sources: [string, RequestListener][] = [
    ['that hangs', () => undefined],
    ['that responds with status 500', (_, response) => response.writeHead(500).end()],
    ['that resets connections', (request) => request.socket.destroy()],
  ];

  test.each(sources)('%s is 503 at both entry points, at the start and later, and both recover', async (_, fault) => {
    const files = { AWS_CONFIG_FILE: join(folder, 'none'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none') };
    const variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${giver.origin}/credentials`, HOME: folder, ...files };
    giver.respond(fault);
    entryPoints = await startEntryPoints({
      ...stack.env,
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      ...variables,
    });
    const authorization = ['Authorization', await stack.tokenIssuer.issueToken('alice')] as const;
    const path = '/api/v1/jobs/get-object-url?job-id=1&object-uuid=a.png';
    const statuses = () =>
      Promise.all(
        [entryPoints.service, entryPoints.gateways[0]].map(async (send) => {
          const { status, headers } = await send({ path, headers: [authorization] });
          return status === 503 ? headers['retry-after'] : status;
        }),
      );
    const recover = async () => {
      giver.respond((__, response) => response.end(JSON.stringify(expiring())));
      while (!(await statuses()).every((status) => status === 200)) await sleep(100);
    };
    expect(await statuses()).toEqual(['1', '1']);
    await recover();
    giver.respond(fault);
    while ((await statuses()).some((status) => status === 200)) await sleep(100);
    expect(await statuses()).toEqual(['1', '1']);
    await recover();
  });
});
