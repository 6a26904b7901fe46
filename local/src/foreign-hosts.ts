import { type RequestListener, type Server } from 'node:http';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

const REFUSAL = JSON.stringify({ message: 'Misdirected Request: only loopback names such as localhost are served' });

/**
 * Makes a server respond with 421 to requests whose `Host` is not a loopback name. Otherwise a web page could point its own
 * name at 127.0.0.1 (DNS rebinding) and read everything that the server holds. To be called when the server has its listeners.
 */
export const refuseForeignHosts = (server: Server): void => {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (LOOPBACK_HOST.test(request.headers.host ?? '')) {
      for (const listener of listeners) listener.call(server, request, response);
    } else {
      const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
      response.writeHead(421, { ...headers, Connection: 'close' }).end(REFUSAL);
    }
  });
};
