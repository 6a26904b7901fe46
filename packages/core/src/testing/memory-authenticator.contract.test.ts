import { Unavailable } from '../errors.ts';
import { describeAuthenticator } from './contracts.ts';
import { MemoryAuthenticator } from './memory-authenticator.ts';

describeAuthenticator('MemoryAuthenticator', async () => {
  const [authenticator, unreachable, stalled] = [
    new MemoryAuthenticator(),
    new MemoryAuthenticator(),
    new MemoryAuthenticator(),
  ];
  unreachable.failure = new Unavailable('the connection was refused');
  stalled.stall();
  return {
    authenticator,
    unreachable,
    stalled,
    issueToken: async (userId) => authenticator.issueToken(userId),
    close: async () => undefined,
  };
});
