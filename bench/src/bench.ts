import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { jobsTable } from '@jobs-api/adapters-aws';
import { JobsBucket, JobsTable } from '@jobs-api/local';
import { build } from 'esbuild';
import { loadFrom, type Load } from './load.ts';
import { startHelper, startServer, type Env, type Helper, type ServerProcess } from './server-process.ts';

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A session token of the usual length for a role's credentials. Each link contains it. */
export const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEJr//+='.repeat(44).slice(0, 1_000);

/** The local stack, and what a measurement writes to it. */
export interface Backend {
  /** The environment in which a service uses the local stack. */
  readonly env: Env & { readonly AWS_ENDPOINT_URL_DYNAMODB: string; readonly AWS_ENDPOINT_URL_S3: string };
  /** The endpoint of a table in which the user id `generated-N` has N jobs, each of N files. */
  readonly generatedTable: string;
  readonly table: JobsTable;
  readonly bucket: JobsBucket;
  readonly tokenOf: (userId: string) => Promise<string>;
}

/** Bundles to measure: ours as they ship, the baseline with esbuild's defaults. */
export interface Bundles {
  readonly service: string;
  readonly handler: string;
  readonly naiveServer: string;
  readonly naiveHandler: string;
  /** Our service with a `get` whose body is made as a whole before it is sent. */
  readonly wholeServer: string;
  readonly emptyHandler: string;
  readonly emptyServer: string;
  readonly bareServer: string;
  readonly sdkCall: string;
  readonly sdkImport: string;
}

/** Resources that the measurements share. Each is started at its first use. */
export class Bench {
  readonly #quick: boolean;
  readonly #brief: boolean;
  readonly #shared: (() => Promise<void>)[] = [];
  readonly #own: (() => Promise<void>)[] = [];
  #backend: Promise<Backend> | undefined;
  #bundles: Promise<Bundles> | undefined;
  #load: Promise<Load> | undefined;

  /**
   * @param options.quick whether sizes are tiny, which shows only that everything works
   * @param options.brief whether there are fewer rounds
   */
  constructor({ quick, brief }: { quick: boolean; brief: boolean }) {
    this.#quick = quick;
    this.#brief = brief;
  }

  /** Returns the size to measure with. */
  size<Size>(full: Size, quick: Size): Size {
    return this.#quick ? quick : full;
  }

  /** Returns the number of rounds to measure. */
  rounds(full: number): number {
    if (this.#quick) return 1;
    return this.#brief ? Math.ceil(full / 3) : full;
  }

  backend(): Promise<Backend> {
    return (this.#backend ??= this.#startBackend());
  }

  bundles(): Promise<Bundles> {
    return (this.#bundles ??= this.#bundle());
  }

  /** Sends load from one separate process. */
  readonly load: Load = async (origin, options) => (await (this.#load ??= this.#startLoad()))(origin, options);

  /** Starts a bundled server that ends with the measurement. */
  async server(file: string, env: Env): Promise<ServerProcess> {
    const server = await startServer(file, env);
    this.#own.push(server.stop);
    return server;
  }

  /** Starts a helper in a process that ends with the measurement. */
  async helper<Message>(name: string, args: readonly string[], env: Env): Promise<Helper<Message>> {
    const helper = await startHelper<Message>(name, args, env);
    this.#own.push(helper.stop);
    return helper;
  }

  async endMeasurement(): Promise<void> {
    await Promise.all(this.#own.splice(0).map((end) => end()));
  }

  async close(): Promise<void> {
    await this.endMeasurement();
    await Promise.all(this.#shared.splice(0).map((end) => end()));
  }

  async #startLoad(): Promise<Load> {
    const host = await startHelper('load-host.js', [], {});
    this.#shared.push(host.stop);
    return loadFrom(host);
  }

  async #startBackend(): Promise<Backend> {
    const { message, stop } = await startHelper<Pick<Backend, 'env' | 'generatedTable'>>('backend.ts', [], {});
    this.#shared.push(stop);
    const { env } = message;
    const settings = {
      region: env.AWS_REGION as string,
      credentials: {
        accessKeyId: env.AWS_ACCESS_KEY_ID as string,
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY as string,
      },
    };
    const dynamo = new DynamoDBClient({ ...settings, endpoint: env.AWS_ENDPOINT_URL_DYNAMODB });
    const s3 = new S3Client({ ...settings, endpoint: env.AWS_ENDPOINT_URL_S3, forcePathStyle: true });
    this.#shared.push(async () => {
      dynamo.destroy();
      s3.destroy();
    });
    return {
      ...message,
      table: new JobsTable(dynamo, jobsTable(env.JOBS_TABLE as string)),
      bucket: new JobsBucket(s3, env.JOBS_BUCKET as string),
      tokenOf: async (userId) =>
        (await fetch(`${env.JWT_ISSUER}/token?sub=${userId}`)).text().then((text) => text.trim()),
    };
  }

  async #bundle(): Promise<Bundles> {
    const directory = await mkdtemp(join(tmpdir(), 'jobs-api-bench-'));
    this.#shared.push(() => rm(directory, { recursive: true }));
    const common = { outdir: directory, bundle: true, minify: true, platform: 'node', target: 'node20' } as const;
    const baseline = ['server', 'lambda', 'empty-lambda', 'empty-server'];
    await build({
      ...common,
      entryPoints: baseline.map((name) => inRepository(`bench/naive/${name}.ts`)),
      outExtension: { '.js': '.cjs' },
    });
    // Our own bundles are compared with these, so they are bundled in the same way.
    await build({
      ...common,
      entryPoints: ['bare-server', 'whole-server', 'sdk-call', 'sdk-import'].map((name) =>
        inRepository(`bench/naive/${name}.ts`),
      ),
      outExtension: { '.js': '.mjs' },
      format: 'esm',
      mainFields: ['module', 'main'],
      conditions: ['source', 'module'],
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    });
    return {
      service: inRepository('packages/service-entry/dist/server.mjs'),
      handler: inRepository('packages/lambda-entry/dist/handler.mjs'),
      naiveServer: join(directory, 'server.cjs'),
      naiveHandler: join(directory, 'lambda.cjs'),
      wholeServer: join(directory, 'whole-server.mjs'),
      emptyHandler: join(directory, 'empty-lambda.cjs'),
      emptyServer: join(directory, 'empty-server.cjs'),
      bareServer: join(directory, 'bare-server.mjs'),
      sdkCall: join(directory, 'sdk-call.mjs'),
      sdkImport: join(directory, 'sdk-import.mjs'),
    };
  }
}
