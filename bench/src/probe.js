// Loaded into a server before its own code. Sends the port to the parent and, on request, the resources used so far.
import { Server } from 'node:net';

const { listen } = Server.prototype;
/** @param {any[]} args */
Server.prototype.listen = function (...args) {
  this.once('listening', () => {
    const address = this.address();
    if (address && typeof address === 'object') process.send?.({ port: address.port });
  });
  // @ts-expect-error the same arguments, whichever form they have
  return listen.apply(this, args);
};

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  });
});
process.on('disconnect', () => process.exit());
