import { describeAuthenticator } from '@jobs-api/core/testing/contracts';
import { issueToken } from './other-programs.ts';
import { sha256, SqliteAuthenticator } from './sqlite-authenticator.ts';
import { openDatabases } from './testing/open-databases.ts';

describeAuthenticator('SqliteAuthenticator', async () => {
  const { database, locked, close } = await openDatabases();
  return {
    authenticator: new SqliteAuthenticator(database),
    unreachable: new SqliteAuthenticator(locked),
    issueToken: async (userId) => issueToken(database, userId),
    issueExpiredToken: async (userId) => {
      const token = issueToken(database, userId);
      database.prepare('DELETE FROM tokens WHERE sha256 = ?').run(sha256(token));
      return token;
    },
    close,
  };
});
