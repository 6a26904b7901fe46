// Loads a bundled handler as AWS's runtime does: with `require` if it is CommonJS. Invokes it once with the event in the second
// argument, then as often as each message says.
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

const [, , file = '', event = '{}'] = process.argv;
const context = { getRemainingTimeInMillis: () => 30_000 };

const cpuBefore = process.cpuUsage();
const { handler } = file.endsWith('.cjs') ? createRequire(import.meta.url)(file) : await import(file);
const response = await handler(JSON.parse(event), context);
const { user, system } = process.cpuUsage(cpuBefore);

process.on('message', async (/** @type {{ event: object, count: number }} */ { event, count }) => {
  const before = process.cpuUsage();
  let last;
  for (let call = 0; call < count; call++) {
    last = await handler(event, context);
    await setImmediate(); // the runtime reads the next event from a socket, which takes a turn of the event loop
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpuUs: (user + system) / count, response: last });
});
process.on('disconnect', () => process.exit());
process.send?.({ cpuMs: (user + system) / 1000, response });
