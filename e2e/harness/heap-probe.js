// Loaded into a service by NODE_OPTIONS=--import: at SIGUSR2 it collects garbage and tells, on a line of the log, what is
// left: bytes on the heap, and of what keeps the process busy (sockets, timers, pending calls) how many of each kind.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

process.on('SIGUSR2', () => {
  // Twice: what has a finaliser goes with the second.
  collectGarbage();
  collectGarbage();
  /** @type {Record<string, number>} */
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  process.stdout.write(`${JSON.stringify({ msg: 'probe', heap_bytes: process.memoryUsage().heapUsed, handles })}\n`);
});
