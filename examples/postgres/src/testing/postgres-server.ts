import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Set by test.sh. */
const { POSTGRES_PROGRAMS = '', POSTGRES_LIBRARIES = '' } = process.env;

const STARTS = 5;

/** A PostgreSQL server on a free port of 127.0.0.1, with its data in a temporary folder. */
export class PostgresServer {
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await mkdtemp(join(tmpdir(), 'postgres-')));
    const initialized = run('initdb', ['-D', server.#data, '-U', 'jobs', '--auth=trust', '-E', 'UTF8', '--locale=C']);
    const [code] = (await once(initialized, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`initdb ended with exit code ${code}`);
    await server.restart();
    return server;
  }

  get connectionString(): string {
    return `postgres://jobs@127.0.0.1:${this.#port}/postgres`;
  }

  /** Starts the server again, on the port that it was on before. */
  async restart(): Promise<void> {
    for (let start = 1; !(await this.#started()); start++)
      if (start === STARTS) throw new Error(`PostgreSQL did not start ${STARTS} times`);
  }

  /** Sends a signal to the server: `SIGKILL` is a crash, `SIGINT` closes connections, `SIGSTOP` and `SIGCONT` freeze it. */
  async signal(name: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child) throw new Error('The server does not run');
    const exited = once(child, 'exit');
    child.kill(name);
    if (name !== 'SIGSTOP' && name !== 'SIGCONT') await exited;
  }

  async close(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.signal('SIGINT');
    await rm(this.#folder, { recursive: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** Starts the server, and returns whether it accepts connections. It ends if another program took its port. */
  async #started(): Promise<boolean> {
    this.#port ||= await freePort();
    const child = run('postgres', [
      '-c',
      'logging_collector=on',
      '-c',
      'log_directory=log',
      '-D',
      this.#data,
      '-h',
      '127.0.0.1',
      '-p',
      String(this.#port),
      '-k',
      '',
    ]);
    this.#process = child;
    while (child.exitCode === null && child.signalCode === null) {
      if (await this.#accepts()) return true;
      await sleep(50);
    }
    this.#port = 0;
    return false;
  }

  async #accepts(): Promise<boolean> {
    const client = new Client({ connectionString: this.connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      return false;
    }
  }
}

/** Runs a program of PostgreSQL. These refuse to run as root, so root runs them as another user in a namespace. */
const run = (program: string, args: readonly string[]): ChildProcess => {
  const path = join(POSTGRES_PROGRAMS, program);
  const command =
    process.getuid?.() === 0
      ? ['unshare', '--user', '--map-user=1000', '--map-group=1000', path, ...args]
      : [path, ...args];
  const [file = '', ...rest] = command;
  return spawn(file, rest, {
    stdio: 'ignore',
    env: { ...process.env, LD_LIBRARY_PATH: POSTGRES_LIBRARIES, TZ: 'UTC' },
  });
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};
