import { createHash } from 'node:crypto';
import { parseUserId, Unauthorized, type Authenticator, type CallOptions, type UserId } from '@jobs-api/core';
import type Database from 'libsql';
import { query } from './database.ts';

/** Hashes a token. The database stores only the hash, so a copy of the database has no usable token. */
export const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Encodes the user id of a token as JSON. libsql cuts text at U+0000 and replaces lone surrogates, so that two different
 * ids could become the same one.
 */
export const storedUser = (userId: string): string => JSON.stringify(userId);

/** Random tokens such as API keys. The table `tokens` has the user of each. */
export class SqliteAuthenticator implements Authenticator {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async authenticate(token: string | undefined, { signal }: CallOptions = {}): Promise<UserId> {
    if (token === undefined) throw new Unauthorized('the token is missing');
    const sql = 'SELECT user_id FROM tokens WHERE sha256 = ?';
    const row = query(signal, () => this.#database.prepare(sql).get(sha256(token)));
    if (row === undefined) throw new Unauthorized('the token is unknown');
    return parseUserId(JSON.parse((row as { user_id: string }).user_id));
  }
}
