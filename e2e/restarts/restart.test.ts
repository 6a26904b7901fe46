import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import autocannon, { type Result } from 'autocannon';
import { closeServer, listen } from '@jobs-api/local/loopback';
import { SERVICE } from '../harness/built.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

const RESTARTS = 20;

/** Long enough for the load balancer, which checks ten times a second, to notice that an instance is stopping. */
const DRAIN_SECONDS = '3';

interface Instance {
  readonly origin: string;
  readonly agent: Agent;
  isReady: boolean;
}

/**
 * Does what docs/operations.md asks of a load balancer, and no more: it checks the readiness of every instance, sends requests in
 * turn to those that are ready over connections that it keeps, and retries none. If an instance fails, it responds with 502.
 */
const startLoadBalancer = async () => {
  const instances = new Set<Instance>();
  let turn = 0;

  const forward = (req: IncomingMessage, res: ServerResponse) => {
    const ready = [...instances].filter(({ isReady }) => isReady);
    const instance = ready[turn++ % ready.length];
    if (!instance) return void res.writeHead(502).end('no instance is ready');
    const { method = 'GET', url = '/', headers } = req;
    const sent = request(instance.origin + url, { method, headers, agent: instance.agent }, (response) => {
      res.writeHead(response.statusCode ?? 502, { 'Content-Type': 'application/json' });
      response.pipe(res);
      response.on('error', () => res.destroy());
    });
    sent.on('error', ({ message }) => (res.headersSent ? res.destroy() : res.writeHead(502).end(message)));
    sent.end();
  };

  const look = async (instance: Instance) => {
    while (instances.has(instance)) {
      const response = await fetch(`${instance.origin}/readyz`).catch(() => undefined);
      await response?.body?.cancel();
      instance.isReady = response?.status === 200;
      await sleep(100);
    }
    instance.agent.destroy();
  };

  const server = createServer(forward);
  return {
    origin: await listen(server),
    add: ({ origin }: ServiceProcess): Instance => {
      const instance = { origin, agent: new Agent({ keepAlive: true }), isReady: false };
      instances.add(instance);
      void look(instance);
      return instance;
    },
    remove: (instance: Instance) => instances.delete(instance),
    close: () => {
      instances.clear();
      return closeServer(server);
    },
  };
};

test(`${RESTARTS} rolling restarts under load cost no request`, async () => {
  const stack = await startStack();
  const loadBalancer = await startLoadBalancer();
  const headers = { authorization: await stack.tokenIssuer.issueToken('alice') };
  for (let jobId = 1; jobId <= 20; jobId++) await stack.table.put({ userId: 'alice', jobId });

  const services: ServiceProcess[] = [];
  const startInstance = async () => {
    const service = await startService(SERVICE, { ...stack.env, DRAIN_SECONDS });
    services.push(service);
    const instance = loadBalancer.add(service);
    while (!instance.isReady) await sleep(10);
    return { service, instance };
  };
  let running = await startInstance();

  let received = 0;
  let stopLoad: () => void = () => undefined;
  const result = new Promise<Result>((resolve, reject) => {
    const load = autocannon(
      {
        url: loadBalancer.origin,
        connections: 8,
        duration: 86_400,
        timeout: 60,
        requests: [
          { method: 'GET', path: '/api/v1/jobs/list', headers },
          { method: 'GET', path: '/api/v1/jobs/get?job-id=7', headers },
          { method: 'GET', path: '/api/v1/jobs/get-object-url?job-id=7&object-uuid=a.png', headers },
          { method: 'DELETE', path: '/api/v1/jobs/delete?job-id=21', headers },
        ],
      },
      (error: Error | null, counted) => {
        if (error) reject(error);
        else resolve(counted);
      },
    );
    load.on('response', () => received++);
    stopLoad = () => load.stop();
  });

  try {
    for (let restart = 1; restart <= RESTARTS; restart++) {
      const { service, instance } = running;
      const before = received;
      running = await startInstance();
      service.kill('SIGTERM');
      expect(await service.exitCode).toBe(0);
      loadBalancer.remove(instance);
      expect(received).toBeGreaterThan(before);
    }
  } finally {
    stopLoad();
    await result;
    await loadBalancer.close();
    for (const service of services) service.kill('SIGKILL');
    await Promise.all(services.map(({ exitCode }) => exitCode));
    await stack.close();
  }

  const { errors, timeouts, resets, non2xx, '2xx': successes } = await result;
  process.stdout.write(
    `${RESTARTS} restarts, ${successes} requests with a status of 2xx, ${non2xx} with another, ${errors} errors, ` +
      `${resets} resets, ${timeouts} timeouts\n`,
  );
  expect({ errors, timeouts, resets, non2xx }).toEqual({ errors: 0, timeouts: 0, resets: 0, non2xx: 0 });
  expect(successes).toBeGreaterThan(RESTARTS * 10);
}, 3_600_000);
