import { Unavailable, type CallOptions } from '@jobs-api/core';
import { DatabaseError, Pool, type PoolClient } from 'pg';

/** Longest time for one statement, in milliseconds, if its caller sets no limit. PostgreSQL ends it after that. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Longest time without a response from the server, in milliseconds: it covers a host that has disappeared. */
const RESPONSE_TIMEOUT_MS = 12_000;

/** Longest time for a connection, in milliseconds, waiting for a free place in the pool included. */
const CONNECTION_TIMEOUT_MS = 4000;

/** Other programs write this table. A column that they leave out is NULL; the three maps are JSON objects. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS jobs (
    user_id text COLLATE "C" NOT NULL,
    job_id bigint NOT NULL CHECK (job_id BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}),
    job_name text,
    date text,
    total_size bigint,
    credits_spent double precision,
    email text,
    object_uuid_names json,
    media_length json,
    failed_to_process json,
    status text,
    PRIMARY KEY (user_id, job_id)
  )
`;

/** A pool of connections whose statements end when the caller's signal aborts. */
export class Database {
  readonly #pool: Pool;
  /** Connections to cancel statements with: all connections of the other pool may be waiting for a lock. */
  readonly #cancelPool: Pool;

  /**
   * @param connectionString such as `postgres://user:password@host:5432/database?sslmode=verify-full`
   * @param maxConnections largest number of statements at once; further ones wait
   */
  constructor(connectionString: string, { maxConnections = 10 }: { maxConnections?: number } = {}) {
    const options = {
      connectionString,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: RESPONSE_TIMEOUT_MS,
      keepAlive: true,
    };
    this.#pool = new Pool({ ...options, max: maxConnections });
    this.#cancelPool = new Pool({ ...options, max: 2 });
    for (const pool of [this.#pool, this.#cancelPool]) {
      // The pool replaces an idle connection that breaks. If the server is gone, the next statement rejects.
      pool.on('error', ignore);
      // A connection that breaks during a statement rejects it, and emits this event too: without a listener it would
      // end the process.
      pool.on('connect', (client) => client.on('error', ignore));
    }
  }

  /** Creates the table if there is none. */
  async createTables(): Promise<void> {
    await this.query(TABLES, []);
  }

  /** @throws Unavailable if the server does not respond */
  async ping(): Promise<void> {
    await this.query('SELECT 1', []);
  }

  /**
   * Runs one statement.
   *
   * @throws Unavailable if a retry may succeed; the reason of `signal`, at once, if it aborts
   */
  async query<Row>(sql: string, values: readonly unknown[], { signal }: CallOptions = {}): Promise<Row[]> {
    signal?.throwIfAborted();
    try {
      const connecting = this.#pool.connect();
      const client = await unlessAborted(connecting, signal, () => void releaseWhenConnected(connecting));
      let cancelling: Promise<void> | undefined;
      const running = client.query(sql, [...values]);
      // A cancellation that arrives late must not meet the next statement of this connection.
      const ended = running.then(ignore, ignore).then(() => cancelling);
      void ended.then(() => client.release());
      const result = await unlessAborted(running, signal, () => {
        cancelling = this.#cancel(client);
      });
      return result.rows as Row[];
    } catch (error) {
      if (mayPass(error)) throw new Unavailable(`PostgreSQL failed: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#cancelPool.end()]);
  }

  /** Ends the statement that a connection runs, on the server too, so that it holds neither a lock nor a place. */
  async #cancel(client: PoolClient): Promise<void> {
    const { processID } = client as unknown as { readonly processID: number };
    // If the server cannot be reached, the statement ends with its own limits of time.
    await this.#cancelPool.query('SELECT pg_cancel_backend($1)', [processID]).catch(ignore);
  }
}

const releaseWhenConnected = (connecting: Promise<PoolClient>): Promise<void> =>
  connecting.then((client) => client.release(), ignore);

const ignore = (): void => undefined;

/** Settles as `work` does. If the signal aborts first, calls `abandon` and rejects with the signal's reason. */
const unlessAborted = <Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  abandon: () => void,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const onAbort = () => {
      abandon();
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
  });

/**
 * Classes of SQLSTATE after which a retry may succeed: lost connections, conflicts, missing resources, a server that
 * stops, statements over their time, input/output errors. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING_SQLSTATE = /^(08|40|53|57|58|55P03)/;

/** Messages of `pg` itself, which gives these errors no code. */
const PASSING_MESSAGE =
  /^(Connection terminated|timeout e|Query read timeout|Client has encountered a connection error)/;

const mayPass = (error: unknown): error is Error => {
  if (error instanceof DatabaseError) return PASSING_SQLSTATE.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? PASSING_MESSAGE.test(error.message) : /^E[A-Z]+$/.test(code);
};
