import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** How long a connection to the store may be silent. */
const SILENCE_MS = 60_000;

/**
 * Requests a file from the store, from some byte on. `fetch` would decompress a file that was stored compressed: then
 * neither its bytes nor its length would be those of the source.
 */
export const requestFile = (url: string, start: number, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const headers = start > 0 ? { Range: `bytes=${start}-` } : {};
    const outgoing = send(url, { headers, signal, timeout: SILENCE_MS }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`the store was silent for ${SILENCE_MS / 1000} seconds`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
