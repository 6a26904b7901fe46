// Sends the same request to a server many times. It is a separate process, because garbage collection in the process of the
// measurements would take longer than the requests.
import { Agent, get } from 'node:http';

/** @param {import('./load.ts').LoadOptions & { origin: string }} options @returns {Promise<import('./load.ts').LoadResult>} */
const load = async ({ origin, method, path, token, connections = 1, requests, headers, status = 200 }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const options = { agent, method, headers: { Authorization: token, ...headers } };
  /** @type {number[]} */
  const latencies = [];
  let bytes = 0;
  let left = requests;

  /** @returns {Promise<void>} */
  const send = () =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const request = get(origin + path, options, (response) => {
        if (response.statusCode !== status) reject(new Error(`${path} returned ${response.statusCode}`));
        response.on('data', (/** @type {Buffer} */ chunk) => (bytes += chunk.length));
        response.on('error', reject).on('end', () => {
          latencies.push(performance.now() - start);
          resolve();
        });
      });
      request.on('error', reject);
    });

  const connection = async () => {
    while (left-- > 0) await send();
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
