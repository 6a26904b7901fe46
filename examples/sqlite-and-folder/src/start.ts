// The service with a sample job. Everything is in the folder of the first argument, or else in a new temporary one.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createJobs } from '@jobs-api/core';
import { readHttpConfig, startService } from '@jobs-api/http-express';
import { createAdapters } from './adapters.ts';
import { issueToken, putJob } from './other-programs.ts';

const { FILES_PORT = '3001', INIT_CWD: callersFolder = '.' } = process.env;
const { config, problems } = readHttpConfig({ HOST: '127.0.0.1', ...process.env });
if (problems) throw new Error(problems.join('\n'));
const argument = process.argv[2];
const directory =
  argument === undefined ? await mkdtemp(join(tmpdir(), 'jobs-api-')) : resolve(callersFolder, argument);
await mkdir(join(directory, 'objects'), { recursive: true });

// The links lead to a server of their own, as those of S3 do.
const fileServer = createServer().listen(Number(FILES_PORT), config.host);
await once(fileServer, 'listening');
const filesUrl = `http://127.0.0.1:${(fileServer.address() as AddressInfo).port}`;
const secret = randomBytes(32).toString('hex');
const { database, jobStore, objectStore, authenticator, readinessChecks } = createAdapters({
  directory,
  filesUrl,
  secret,
});
fileServer.on('request', objectStore.serve);

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

const { port } = await startService({
  jobs: createJobs({ jobStore, objectStore }),
  authenticator,
  config,
  readinessChecks,
});
const curl = (path: string, options = '') =>
  `curl ${options}-H "Authorization: $TOKEN" "http://127.0.0.1:${port}/api/v1/jobs${path}"`;
const lines = [
  `Everything is in ${directory}. A token of alice, and requests to paste:\n`,
  `TOKEN=${issueToken(database, 'alice')}\n`,
  curl('/list'),
  curl('/get?job-id=1&include=object-urls'),
  curl('/delete?job-id=1', '-X DELETE '),
  '\nCtrl-C stops it. The log of requests follows.\n\n',
];
process.stdout.write(lines.join('\n'));
