import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { UnconvertedJsonProtocol } from './unconverted-json-protocol.ts';

let server: Server;
let answer: { status: number; body: string };
let ask: () => Promise<unknown>;
let askBySdk: () => Promise<unknown>;

beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(answer.status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asking = (config: DynamoDBClientConfig) => {
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
      ...config,
    });
    return () => client.send(new QueryCommand({ TableName: 'jobs' }));
  };
  ask = asking({ protocol: UnconvertedJsonProtocol });
  askBySdk = asking({});
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

/** What became of a call, without what differs from one to the next. */
const outcome = (call: () => Promise<unknown>): Promise<unknown> =>
  call().then(
    (output) => ({ ...(output as object), $metadata: undefined }),
    (error: unknown) => {
      const { constructor, name, message } = error as Error;
      return { type: constructor.name, name, message };
    },
  );

describe('UnconvertedJsonProtocol', () => {
  test('reads what the SDK’s own does, where nothing is binary', async () => {
    // Which the SDK's own takes for something else.
    const name = fc.string().filter((text) => text !== '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.record({ S: fc.string({ unit: 'grapheme' }) }),
        fc.record({ N: fc.double({ noNaN: true }).map(String) }),
        fc.record({ BOOL: fc.boolean() }),
        fc.record({ NULL: fc.constant(true) }),
        fc.record({ SS: fc.array(fc.string()) }),
        fc.record({ L: fc.array(tie('value')) }),
        fc.record({ M: fc.dictionary(name, tie('value')) }),
      ),
    }));
    const item = fc.dictionary(name, value);
    const page = fc.record(
      { Items: fc.array(item), Count: fc.nat(), ScannedCount: fc.nat(), LastEvaluatedKey: item },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(page, async (output) => {
        answer = { status: 200, body: JSON.stringify(output) };
        const read = await outcome(ask);
        expect(read).toEqual(await outcome(askBySdk));
        expect(read).toEqual(output);
      }),
    );
  });

  test('reads a name as it is, whatever it is', async () => {
    const body = '{"Items":[{"names":{"M":{"__proto__":{"S":"a"},"constructor":{"S":"b"}}}}]}';
    answer = { status: 200, body };
    expect(JSON.stringify(await outcome(ask))).toBe(body);
  });

  test.each([
    [400, '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"No such table"}'],
    [400, '{"__type":"com.amazon.coral.validate#ValidationException","message":"Not like that"}'],
    [400, '{"__type":"com.amazon.coral.service#UnrecognizedClientException"}'],
    [418, '{}'],
  ])('fails as the SDK’s own does, on %i: %s', async (status, body) => {
    answer = { status, body };
    const failure = await outcome(ask);
    expect(failure).toEqual(await outcome(askBySdk));
    expect(failure).toMatchObject({ name: expect.any(String) });
  });

  test.each(['<html></html>', '{"Items":[', '\u0000'])('rejects %j, which is no JSON', async (body) => {
    answer = { status: 200, body };
    expect(await outcome(ask)).toMatchObject({ name: 'SyntaxError' });
    expect(await outcome(askBySdk)).toMatchObject({ name: 'SyntaxError' });
  });

  test('reads nothing as nothing', async () => {
    answer = { status: 200, body: '' };
    expect(await outcome(ask)).toEqual(await outcome(askBySdk));
  });
});
