// Loads a bundled handler as AWS's runtime does, which requires what is CommonJS, and invokes it once with the event of
// the second argument; then as often as it is asked to.
import module, { createRequire } from 'node:module';

// Since Node 22.
const { flushCompileCache } = /** @type {typeof module & { flushCompileCache?: () => void }} */ (module);
const [, , file = '', event = '{}'] = process.argv;
const context = { getRemainingTimeInMillis: () => 30_000 };

const start = performance.now();
const { handler } = file.endsWith('.cjs') ? createRequire(import.meta.url)(file) : await import(file);
const answer = await handler(JSON.parse(event), context);
const now = performance.now();

// The process will be killed, and would not write what it has compiled.
flushCompileCache?.();
process.on('message', async (/** @type {{ event: object, count: number }} */ { event, count }) => {
  const before = process.cpuUsage();
  let last;
  for (let call = 0; call < count; call++) last = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpuUs: (user + system) / count, answer: last });
});
process.on('disconnect', () => process.exit());
process.send?.({ initMs: now - start, sinceStartMs: now, answer });
