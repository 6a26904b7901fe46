declare module 'dynalite' {
  import type { Server } from 'node:http';

  export interface DynaliteOptions {
    /** The folder to keep tables in; in memory without it. */
    path?: string;
    /** How long a table is being created or deleted, in milliseconds. */
    createTableMs?: number;
    deleteTableMs?: number;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
