// Loaded into a service by NODE_OPTIONS=--import. At SIGUSR2 it collects garbage and logs what is left: bytes on the heap, and
// the number of each kind of resource that keeps the process alive (sockets, timers, pending calls).
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

process.on('SIGUSR2', () => {
  // Twice: objects with a finaliser are collected the second time.
  collectGarbage();
  collectGarbage();
  /** @type {Record<string, number>} */
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  process.stdout.write(`${JSON.stringify({ msg: 'probe', heap_bytes: process.memoryUsage().heapUsed, handles })}\n`);
});
