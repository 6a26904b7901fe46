import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalStack } from '@jobs-api/local';
import { listen } from '@jobs-api/local/loopback';
import { HANDLER } from '../harness/built.ts';
import { startClock, type Clock } from '../harness/clock.ts';
import { toClient, version2Event } from '../harness/gateway-events.ts';
import { startStack } from '../harness/stack.ts';
import { serveKeys, startStub, type StubServer } from '../harness/stub-server.ts';
import { AUDIENCE, issue, ISSUER, newSigner, type Signer } from '../harness/tokens.ts';
import { startLambdaRuntime, type LambdaRuntime } from './runtime-api.ts';

const { LAMBDA_RUNTIME_CLIENT = '' } = process.env;

/** Longer than the pause between two fetches of keys. */
const FREEZE_MS = 11_000;

const [known, added, withdrawn] = [newSigner('known'), newSigner('added'), newSigner('withdrawn')];

let stack: LocalStack;
let keyServer: StubServer;
let clock: Clock;
let runtime: LambdaRuntime;

beforeAll(async () => {
  stack = await startStack();
  await stack.table.put({ userId: 'alice', jobId: 1, jobName: 'Walk' });
  keyServer = await startStub(serveKeys(known.jwk, withdrawn.jwk));
});
afterEach(async () => {
  await runtime.close();
  await clock.close();
});
afterAll(async () => {
  await keyServer.close();
  await stack.close();
});

const start = async (changes: Readonly<Record<string, string>> = {}) => {
  keyServer.respond(serveKeys(known.jwk, withdrawn.jwk));
  clock = await startClock();
  const tokens = { JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URI: `${keyServer.origin}/jwks.json` };
  const env = { ...stack.env, ...tokens, ...changes, NODE_OPTIONS: clock.nodeOptions() };
  runtime = await startLambdaRuntime(LAMBDA_RUNTIME_CLIENT, HANDLER, env);
};

/** Lists with a token that this key signs and that has not expired by the function's clock. Returns the status. */
const list = async (signer: Signer) => {
  const headers = [['Authorization', issue(signer, { exp: Math.floor(clock.now() / 1_000) + 60 })] as const];
  const event = version2Event({ path: '/api/v1/jobs/list', headers });
  return toClient(await runtime.invoke(event, { now: clock.now() })).status;
};

/** Starts a server that passes connections on to another one, until they are disturbed. */
const startRelay = async (target: string) => {
  const { hostname, port } = new URL(target);
  const clients: Socket[] = [];
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    clients.push(client);
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
  });
  return {
    endpoint: await listen(server),
    /** Disturbs the connections that are open. Returns how many. */
    disturb: (how: (client: Socket) => unknown) => clients.splice(0).map(how).length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

describe("the bundled handler, frozen between invocations under AWS's runtime client,", () => {
  test('accepts a key that was added meanwhile', async () => {
    await start();
    expect(await list(known)).toBe(200);
    runtime.freeze();
    keyServer.respond(serveKeys(known.jwk, added.jwk));
    await sleep(FREEZE_MS);
    runtime.thaw();
    expect(await list(added)).toBe(200);
    expect(await list(known)).toBe(200);
  });

  test('rejects a key in the second invocation after it was withdrawn, 10 minutes apart', async () => {
    await start();
    expect(await list(withdrawn)).toBe(200);
    keyServer.respond(serveKeys(known.jwk));
    const statuses: number[] = [];
    for (let invocation = 0; invocation < 3; invocation++) {
      runtime.freeze();
      clock.passTime(600);
      runtime.thaw();
      statuses.push(await list(withdrawn));
    }
    expect(statuses.slice(1)).toEqual([401, 401]);
    expect(await list(known)).toBe(200);
  });

  test.each<[string, (socket: Socket) => unknown]>([
    ['were reset', (socket) => socket.resetAndDestroy()],
    ['pass nothing on any more', (socket) => socket.unpipe().pause()],
  ])('responds if its connections %s meanwhile', async (_, how) => {
    const relay = await startRelay(stack.env.AWS_ENDPOINT_URL_DYNAMODB);
    try {
      await start({ AWS_ENDPOINT_URL_DYNAMODB: relay.endpoint });
      expect(await list(known)).toBe(200);
      runtime.freeze();
      expect(relay.disturb(how)).toBeGreaterThan(0);
      runtime.thaw();
      expect(await list(known)).toBe(200);
    } finally {
      relay.close();
    }
  });
});
