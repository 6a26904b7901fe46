// Asks a server for the same thing over and over, in a process of its own: in that of the measurements, collecting garbage
// would take longer than what is measured.
import { Agent, get } from 'node:http';

/** @param {import('./load.ts').LoadOptions & { origin: string }} options @returns {Promise<import('./load.ts').LoadResult>} */
const load = async ({ origin, path, token, connections = 1, requests, headers }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const asked = { agent, headers: { Authorization: token, ...headers } };
  /** @type {number[]} */
  const latencies = [];
  let bytes = 0;
  let left = requests;

  /** @returns {Promise<void>} */
  const ask = () =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const request = get(origin + path, asked, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}`));
        answer.on('data', (/** @type {Buffer} */ chunk) => (bytes += chunk.length));
        answer.on('error', reject).on('end', () => {
          latencies.push(performance.now() - start);
          resolve();
        });
      });
      request.on('error', reject);
    });

  const connection = async () => {
    while (left-- > 0) await ask();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { seconds, perSecond: requests / seconds, latencies: latencies.sort((a, b) => a - b), bytes };
};

process.on('message', async (/** @type {import('./load.ts').LoadOptions & { origin: string }} */ options) => {
  try {
    process.send?.({ result: await load(options) });
  } catch (error) {
    process.send?.({ failure: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
