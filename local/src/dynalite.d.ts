declare module 'dynalite' {
  import type { Server } from 'node:http';

  export interface DynaliteOptions {
    /** Folder of the tables. Default: they are kept in memory. */
    path?: string;
    /** Time that it takes to create or delete a table, in milliseconds. */
    createTableMs?: number;
    deleteTableMs?: number;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
