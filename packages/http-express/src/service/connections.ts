import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A client that takes nothing of its response for this long is disconnected. */
const STALLED_MS = 25_000;
/** How often connections are checked for that. */
const CHECK_MS = 1_000;

/** Responses that may wait for their turn on one connection. Clients hardly ever pipeline; load generators do, with ten. */
const MAX_QUEUED = 32;

/** Time for the rest of a request body to arrive after the response, so that the client can read the response. */
const BODY_MS = 10_000;

interface Connection {
  /** Responses that are not over, in the order of their requests. */
  readonly open: Set<ServerResponse>;
  /** What the client had taken at the last check, and when it last took something. */
  taken: string;
  tookAt: number;
}

/** The connections of a server, and what each client is allowed to do to the others: nothing. */
export class Connections {
  readonly #connections = new Map<Socket, Connection>();
  readonly #check = setInterval(() => this.#disconnectStalled(), CHECK_MS).unref();
  #isClosing = false;

  add(socket: Socket): void {
    this.#connections.set(socket, { open: new Set(), taken: '', tookAt: 0 });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** @returns whether the request may be handled; if not, its connection is closed */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (!connection || connection.open.size > MAX_QUEUED) {
      socket.destroy();
      return false;
    }
    connection.open.add(response);
    if (this.#isClosing) response.setHeader('Connection', 'close');
    request.resume(); // a body is never read; left in the buffer it would hide that the client has disconnected
    response.once('finish', () => closeUnlessComplete(request));
    response.once('close', () => {
      connection.open.delete(response);
      if (this.#isClosing && connection.open.size === 0) socket.destroySoon();
    });
    return true;
  }

  /** Whether a response that has begun, or will, belongs to the request that the client is waiting for. */
  openResponses(socket: Socket): readonly ServerResponse[] {
    return [...(this.#connections.get(socket)?.open ?? [])];
  }

  /** From now on, every response says that its connection will be closed. */
  announceClose(): void {
    this.#isClosing = true;
    for (const { open } of this.#connections.values())
      for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
  }

  /** Closes the connections that no response is due on: those that are idle, or have sent nothing or half a request. */
  closeIdle(): void {
    for (const [socket, { open }] of this.#connections) if (open.size === 0) socket.destroy();
  }

  stop(): void {
    clearInterval(this.#check);
  }

  #disconnectStalled(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const taken = takenBy(socket);
      if (taken === undefined || taken !== connection.taken) {
        connection.taken = taken ?? '';
        connection.tookAt = now;
      } else if (now - connection.tookAt >= STALLED_MS) {
        socket.destroy();
      }
    }
  }
}

/**
 * What changes whenever the client takes something of what is waiting to be sent; `undefined` if nothing is. Node counts
 * a chunk as sent only when all of it is. How much of it is left only the handle says, which is not a public property:
 * without it, a client would have to take a whole chunk in 25 s.
 */
const takenBy = (socket: Socket): string | undefined => {
  if (socket.writableLength === 0) return undefined;
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return [socket.bytesWritten, socket.writableLength, handle?.writeQueueSize].join();
};

const closeUnlessComplete = (request: IncomingMessage): void => {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), BODY_MS).unref();
  request.once('close', () => clearTimeout(timer));
};
