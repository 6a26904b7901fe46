import { Agent as HttpAgent, get as getHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as getHttps } from 'node:https';
import { agentOptions, type ProxyEnv } from '../proxy.ts';
import { withoutUserInfo } from '../secrets.ts';

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 1_048_576;

export interface FetchTextOptions {
  /** From the call to the end of the response. Default: 2,000. */
  readonly timeoutMs?: number;
  readonly proxyEnv?: ProxyEnv | undefined;
}

/**
 * Fetches a text in UTF-8 over HTTP or HTTPS. Uses Node's own client, which the SDK loads anyway: loading the platform's
 * `fetch` would make a cold start longer (docs/decisions/0006).
 *
 * @throws if there is no response with a status of success in time, or it is a redirect, or larger than 1 MiB
 */
export const fetchText = (uri: string, { timeoutMs = TIMEOUT_MS, proxyEnv }: FetchTextOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const address = withoutUserInfo(uri);
    const isHttps = new URL(uri).protocol === 'https:';
    // Connections are not kept: five minutes later they would be closed, or frozen with their process.
    const agent = new (isHttps ? HttpsAgent : HttpAgent)({ keepAlive: false, ...agentOptions(proxyEnv) });
    const get = isHttps ? getHttps : getHttp;
    const request = get(uri, { agent }, (response) => void read(address, request, response).then(resolve, reject));
    const timer = setTimeout(
      () => request.destroy(new Error(`${address} did not respond within ${timeoutMs} ms`)),
      timeoutMs,
    );
    request.on('error', reject).on('close', () => clearTimeout(timer));
  });

const read = async (address: string, request: ClientRequest, response: IncomingMessage): Promise<string> => {
  try {
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw new Error(`${address} responded with status ${statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`${address} responded with more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } finally {
    request.destroy();
  }
};
