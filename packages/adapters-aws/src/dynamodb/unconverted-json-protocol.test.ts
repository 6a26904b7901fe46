import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient, QueryCommand, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { closeServer, listen } from '@jobs-api/local/loopback';
import fc from 'fast-check';
import { UnconvertedJsonProtocol } from './unconverted-json-protocol.ts';

let server: Server;
let response: { status: number; body: string };
let query: () => Promise<unknown>;
let queryBySdk: () => Promise<unknown>;

beforeAll(async () => {
  server = createServer((_, res) => {
    res.writeHead(response.status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(response.body);
  });
  const endpoint = await listen(server);
  const querying = (config: DynamoDBClientConfig) => {
    const client = new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
      ...config,
    });
    return () => client.send(new QueryCommand({ TableName: 'jobs' }));
  };
  query = querying({ protocol: UnconvertedJsonProtocol });
  queryBySdk = querying({});
});

afterAll(() => closeServer(server));

/** The result or error of a call, without what differs from one call to the next. */
const outcome = (call: () => Promise<unknown>): Promise<unknown> =>
  call().then(
    (output) => ({ ...(output as object), $metadata: undefined }),
    (error: unknown) => {
      const { constructor, name, message } = error as Error;
      return { type: constructor.name, name, message };
    },
  );

describe('UnconvertedJsonProtocol', () => {
  test('reads responses as the SDK’s own protocol does if nothing is binary', async () => {
    // The SDK's own protocol loses this name.
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
        response = { status: 200, body: JSON.stringify(output) };
        const read = await outcome(query);
        expect(read).toEqual(await outcome(queryBySdk));
        expect(read).toEqual(output);
      }),
    );
  });

  test('keeps names such as __proto__ and constructor', async () => {
    const body = '{"Items":[{"names":{"M":{"__proto__":{"S":"a"},"constructor":{"S":"b"}}}}]}';
    response = { status: 200, body };
    expect(JSON.stringify(await outcome(query))).toBe(body);
  });

  test.each([
    [400, '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"No such table"}'],
    [400, '{"__type":"com.amazon.coral.validate#ValidationException","message":"Not like that"}'],
    [400, '{"__type":"com.amazon.coral.service#UnrecognizedClientException"}'],
    [418, '{}'],
  ])('fails as the SDK’s own protocol does on status %i with %s', async (status, body) => {
    response = { status, body };
    const failure = await outcome(query);
    expect(failure).toEqual(await outcome(queryBySdk));
    expect(failure).toMatchObject({ name: expect.any(String) });
  });

  test.each(['<html></html>', '{"Items":[', '\u0000', '', 'null', '[]', '"Items"'])(
    'rejects the response %j, which is not a JSON object',
    async (body) => {
      response = { status: 200, body };
      expect(await outcome(query)).toMatchObject({ name: 'SyntaxError' });
    },
  );
});
