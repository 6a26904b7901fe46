import { get as getHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { withoutUserInfo } from '../secrets.ts';

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 1_048_576;

/**
 * What an HTTP or HTTPS address answers with a status of success, as text in UTF-8. By Node's own client, which the SDK
 * loads anyway: loading the platform's `fetch` would make a cold start longer (docs/decisions/0006).
 *
 * @param timeoutMs from the call to the end of the answer
 * @throws where there is no such answer in time, where it is a redirect, or larger than 1 MiB
 */
export const fetchText = (uri: string, timeoutMs: number = TIMEOUT_MS): Promise<string> =>
  new Promise((resolve, reject) => {
    const address = withoutUserInfo(uri);
    const get = new URL(uri).protocol === 'https:' ? getHttps : getHttp;
    // Once in five minutes: a connection that was kept would be found closed, or frozen with its process.
    const request = get(
      uri,
      { agent: false },
      (response) => void read(address, request, response).then(resolve, reject),
    );
    const timer = setTimeout(
      () => request.destroy(new Error(`${address} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    request.on('error', reject).on('close', () => clearTimeout(timer));
  });

const read = async (address: string, request: ClientRequest, response: IncomingMessage): Promise<string> => {
  try {
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw new Error(`${address} answered ${statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`${address} answered more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } finally {
    request.destroy();
  }
};
