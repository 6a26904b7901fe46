import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { overSocket } from '@jobs-api/http-express/testing/contracts';
import { SERVICE } from '../harness/built.ts';
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts';
import { type ProxiedResponse } from '../harness/proxy.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

export const BASE = '/api/v1/jobs';

/** The built service, with a proxy in front of everything that it depends on. */
export interface ClientsHarness {
  readonly service: ServiceProcess;
  readonly proxy: FaultProxy;
  readonly token: (userId: string) => Promise<string>;
  readonly send: ReturnType<typeof overSocket>;
  /** Sends 50 lists at once, and returns the statuses of the responses. */
  readonly statusesOf50Lists: (authorization: string) => Promise<readonly number[]>;
  /** Opens a connection and sends bytes as they are. Nothing is read until the caller reads. */
  readonly open: (bytes: string) => Socket;
  /** Value of a metric without labels. */
  readonly metric: (name: string) => Promise<number>;
  /** Memory of the process now, and its peak so far, in MB. */
  readonly memory: () => Promise<{ readonly now: number; readonly peak: number }>;
  readonly close: () => Promise<void>;
}

export const startHarness = async (env: Readonly<Record<string, string>> = {}): Promise<ClientsHarness> => {
  const stack = await startStack();
  const proxy = await startFaultProxy(stack.env);
  const service = await startService(SERVICE, { ...stack.env, ...proxy.env, METRICS_PORT: '0', ...env });
  const listening = JSON.parse(service.log.find((line) => line.includes('"listening"')) ?? '{}') as {
    metrics_port: number;
  };
  const send = overSocket(service.origin);
  const { port } = new URL(service.origin);
  return {
    service,
    proxy,
    token: (userId) => stack.tokenIssuer.issueToken(userId),
    send,
    statusesOf50Lists: async (authorization) => {
      const headers = [['Authorization', authorization]] as const;
      const lists = Array.from({ length: 50 }, () => send({ path: `${BASE}/list`, headers }));
      return (await Promise.all(lists)).map(({ status }) => status);
    },
    open: (bytes) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined).pause();
      socket.write(bytes);
      return socket;
    },
    metric: async (name) => {
      const response = await fetch(`http://127.0.0.1:${listening.metrics_port}/metrics`);
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(await response.text())?.[1]);
    },
    memory: async () => {
      const status = await readFile(`/proc/${service.pid}/status`, 'utf8');
      const megabytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
      return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
    },
    close: async () => {
      service.kill('SIGKILL');
      await service.exitCode;
      await proxy.close();
      await stack.close();
    },
  };
};

/** The request line and the header of a GET, as bytes. */
export const get = (path: string, authorization: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: a', `Authorization: ${authorization}`, ...headers, '', ''].join('\r\n');

/** The response of DynamoDB to GetItem: a job with that many objects, whose names have three characters or are uuids. */
export const itemResponse = (objects: number, names: 'short' | 'uuids'): ProxiedResponse => {
  const nameOf = (index: number) =>
    names === 'short'
      ? (46_656 + index).toString(36).slice(-3) + String.fromCharCode(65 + Math.floor(index / 46_656))
      : `0a4e2f8c-7b1d-4e3a-9c55-${String(index).padStart(12, '0')}.png`;
  const objectUuidNames = Object.fromEntries(
    Array.from({ length: objects }, (_, index) => [nameOf(index), { S: names === 'short' ? '' : `file-${index}.png` }]),
  );
  const item = { userId: { S: 'alice' }, jobId: { N: '1' }, status: { S: 'success' } };
  return tableResponse({ Item: { ...item, objectUuidNames: { M: objectUuidNames } } });
};

/** The response of DynamoDB to the nth Query of a list: a page of these items, after which more follow. */
export const pageResponse = (nth: number, items: readonly object[]): ProxiedResponse =>
  tableResponse({ Items: items, LastEvaluatedKey: { userId: { S: 'alice' }, jobId: { N: String(nth) } } });

/** The response of DynamoDB to the last Query of a list. */
export const lastPageResponse = (): ProxiedResponse => tableResponse({ Items: [] });

const tableResponse = (output: object): ProxiedResponse => {
  const body = Buffer.from(JSON.stringify(output));
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(body.length) };
  return { status: 200, headers, body };
};
