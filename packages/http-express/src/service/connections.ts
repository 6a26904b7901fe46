import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A client that reads nothing of its response for this long is disconnected. */
const STALLED_MS = 25_000;
/** Interval of the check for stalled clients. */
const CHECK_MS = 1_000;

/** Maximum number of queued responses of one connection. Clients hardly ever pipeline; load generators do, ten deep. */
const MAX_QUEUED = 32;

/** Time after the last response for the client to send the rest of its body and to close the connection. */
const CLOSE_MS = 10_000;

interface Connection {
  /** Unfinished responses in the order of their requests. */
  readonly open: Set<ServerResponse>;
  /** Send progress at the last check, and the time of the last progress. */
  taken: string;
  tookAt: number;
}

/** Tracks the connections of a server, so that no client can harm others and idle connections can be closed. */
export class Connections {
  readonly #connections = new Map<Socket, Connection>();
  readonly #check = setInterval(() => this.#disconnectStalled(), CHECK_MS).unref();
  #isClosing = false;

  add(socket: Socket): void {
    this.#connections.set(socket, { open: new Set(), taken: '', tookAt: 0 });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** @returns whether the request may be handled; if not, its connection has been closed */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (!connection || connection.open.size > MAX_QUEUED) {
      socket.destroy();
      return false;
    }
    connection.open.add(response);
    if (this.#isClosing) response.setHeader('Connection', 'close');
    request.resume(); // bodies are discarded; an unread one would hide that the client has disconnected
    response.once('finish', () => closeUnlessComplete(request));
    response.once('close', () => {
      connection.open.delete(response);
      if (this.#isClosing && connection.open.size === 0) socket.destroySoon();
    });
    return true;
  }

  /** Returns the unfinished responses of a connection, in the order of their requests. */
  openResponses(socket: Socket): readonly ServerResponse[] {
    return [...(this.#connections.get(socket)?.open ?? [])];
  }

  /** Adds `Connection: close` to every response from now on. */
  announceClose(): void {
    this.#isClosing = true;
    for (const { open } of this.#connections.values())
      for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
  }

  /** Closes connections without an unfinished response: idle ones, and those that have sent nothing or half a request. */
  closeIdle(): void {
    for (const [socket, { open }] of this.#connections) if (open.size === 0) socket.destroy();
  }

  stop(): void {
    clearInterval(this.#check);
  }

  #disconnectStalled(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const taken = sendProgressOf(socket);
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
 * Returns a text that changes whenever the client has read something; `undefined` if nothing waits to be sent. Node counts a
 * chunk only when all of it is sent. Only the handle, which is not a public property, knows how much of it is left.
 * Without the handle, a client would have to read a whole chunk in 25 s.
 */
const sendProgressOf = (socket: Socket): string | undefined => {
  if (socket.writableLength === 0) return undefined;
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return [socket.bytesWritten, socket.writableLength, handle?.writeQueueSize].join();
};

/** Sends the last bytes of a connection, and closes it even if the client does not. */
export const endConnection = (socket: Socket, bytes: string): void => {
  socket.resume().end(bytes); // an immediate reset would keep the client from reading them
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  socket.once('close', () => clearTimeout(timer));
};

const closeUnlessComplete = (request: IncomingMessage): void => {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), CLOSE_MS).unref();
  request.once('close', () => clearTimeout(timer));
};
