// The service with a sample job on port 3000, everything in the folder that is named, or else in a new temporary one.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { issueToken, putJob } from './other-programs.ts';
import { createService } from './service.ts';

const { PORT = '3000', INIT_CWD: callersFolder = '.' } = process.env;
const named = process.argv[2];
const directory = named === undefined ? await mkdtemp(join(tmpdir(), 'jobs-api-')) : resolve(callersFolder, named);
await mkdir(join(directory, 'objects'), { recursive: true });

const server = createServer().listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const secret = randomBytes(32).toString('hex');
const { listener, database, objectStore } = createService({ directory, origin, secret, logLevel: 'info' });
server.on('request', listener);

const readme = await readFile(new URL('../README.md', import.meta.url));
await objectStore.put('alice/1/6b8f5d6e.md', readme);
putJob(database, {
  userId: 'alice',
  jobId: 1,
  jobName: 'Something to read',
  date: '2026-01-01 12:00:00.000000000 UTC',
  totalSize: readme.length,
  objectUuidNames: { '6b8f5d6e.md': 'README.md' },
  status: 'queued',
});

const curl = (path: string, options = '') => `curl ${options}-H "Authorization: $TOKEN" "${origin}/api/v1/jobs${path}"`;
const lines = [
  `Everything is in ${directory}. A token of alice, and what to do with it:\n`,
  `TOKEN=${issueToken(database, 'alice')}\n`,
  curl('/list'),
  curl('/get?job-id=1&include=object-urls'),
  curl('/delete?job-id=1', '-X DELETE '),
  '\nCtrl-C stops it. The log of requests follows.\n\n',
];
process.stdout.write(lines.join('\n'));
