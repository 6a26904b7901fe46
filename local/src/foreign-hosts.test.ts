import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startLocalDynamo } from './dynamodb.ts';
import { refuseForeignHosts } from './foreign-hosts.ts';
import { closeServer, listen } from './loopback.ts';

let origin: string;
let close: () => Promise<void>;

beforeEach(async () => {
  const server = createServer((_, response) => response.end());
  refuseForeignHosts(server);
  origin = await listen(server);
  close = () => closeServer(server);
});

afterEach(() => close());

const statusFor = async (address: string, host: string): Promise<number | undefined> => {
  const { port } = new URL(address);
  const sent = request({ host: '127.0.0.1', port, headers: { host }, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
};

test.each(['127.0.0.1', '127.0.0.1:3000', 'localhost:3000', 'LOCALHOST', '127.1.2.3', '[::1]:3000'])(
  'a request with the loopback Host %s is served',
  async (host) => {
    expect(await statusFor(origin, host)).toBe(200);
  },
);

test.each([
  'attacker.example',
  'localhost.attacker.example',
  '127.0.0.1.attacker.example:3000',
  '10.0.0.1',
  'a@localhost',
])('a request with the foreign Host %j gets 421', async (host) => {
  expect(await statusFor(origin, host)).toBe(421);
});

test('the stand-in for DynamoDB refuses foreign Hosts', async () => {
  const dynamo = await startLocalDynamo();
  expect(await statusFor(dynamo.endpoint, 'attacker.example')).toBe(421);
  await dynamo.close();
});
