import { createHash } from 'node:crypto';
import { parseUserId, Unauthorized } from '@jobs-api/core';
import type { Authenticator, CallOptions, UserId } from '@jobs-api/core';
import type Database from 'libsql';
import { query } from './database.ts';

/** Of a token the database has only this: whoever reads it there cannot use it. */
export const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * How the user of a token is stored: as JSON, since libsql cuts text at U+0000 and replaces half surrogate pairs, which
 * would make one user of two.
 */
export const storedUser = (userId: string): string => JSON.stringify(userId);

/** Tokens that were given out as they are, as API keys are: the `tokens` table says whose each is. */
export class SqliteAuthenticator implements Authenticator {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async authenticate(token: string | undefined, { signal }: CallOptions = {}): Promise<UserId> {
    if (token === undefined) throw new Unauthorized('there is no token');
    const sql = 'SELECT user_id FROM tokens WHERE sha256 = ?';
    const row = query(signal, () => this.#database.prepare(sql).get(sha256(token)));
    if (row === undefined) throw new Unauthorized('nobody has that token');
    return parseUserId(JSON.parse((row as { user_id: string }).user_id));
  }
}
