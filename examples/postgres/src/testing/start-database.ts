import { Client } from 'pg';
import { Database } from '../database.ts';
import { putJob } from '../other-programs.ts';
import { PostgresServer } from './postgres-server.ts';

/** Starts a server with the table of jobs. Returns it with what the contract suites do to its jobs. */
export const startDatabase = async () => {
  const server = await PostgresServer.start();
  const { connectionString } = server;
  const database = new Database(connectionString);
  await database.createTables();
  return {
    database,
    connectionString,
    putUnreadable: async (userId: string, jobId: number): Promise<void> => {
      await putJob(database, { userId, jobId });
      await database.query('UPDATE jobs SET total_size = -1 WHERE user_id = $1 AND job_id = $2', [userId, jobId]);
    },
    hasJob: async (userId: string, jobId: number): Promise<boolean> => {
      const rows = await database.query('SELECT 1 FROM jobs WHERE user_id = $1 AND job_id = $2', [userId, jobId]);
      return rows.length > 0;
    },
    /** Locks the table, until the function that is returned is called. */
    stall: async () => {
      const client = new Client({ connectionString });
      await client.connect();
      await client.query('BEGIN');
      await client.query('LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE');
      return () => client.end();
    },
    close: async () => {
      await database.close();
      await server.close();
    },
  };
};
