import { setTimeout as sleep } from 'node:timers/promises';
import { type ProxiedCall, type Script } from './fault-proxy.ts';
import { type ProxiedResponse } from './proxy.ts';

/** Something that can be the matter with a dependency, as it shows in a call. */
export interface Fault {
  /** What is left of the call for its caller: an answer, nothing now but perhaps later, or nothing at all. */
  readonly leaves: 'an answer' | 'hope' | 'nothing';
  /** What a log has to say of it. */
  readonly logged: RegExp;
  readonly script: Script;
  /** Whether it takes an answer with a body, which not every call has. */
  readonly needsBody?: boolean;
}

const answer = (status: number, type: string, text: string): ProxiedResponse => {
  const body = Buffer.from(text);
  return { status, headers: { 'content-type': type, 'content-length': String(body.length) }, body };
};

/** By whom, the status and code of a refusal: each has its own, and its own way to put it. */
type Refusals = Readonly<Record<ProxiedCall['to'], readonly [status: number, code: string]>>;

const refuseWith =
  (refusals: Refusals): Script =>
  ({ to }) => {
    const [status, code] = refusals[to];
    if (to === 'bucket')
      return answer(status, 'application/xml', `<Error><Code>${code}</Code><Message>Not now</Message></Error>`);
    if (to === 'table')
      return answer(status, 'application/x-amz-json-1.0', `{"__type":"x#${code}","message":"Not now"}`);
    return answer(status, 'text/plain', code);
  };

const brokenOff =
  (midway: 'hang' | 'reset'): Script =>
  async (_, forward) => ({ ...(await forward()), midway });

/** What comes from somebody else altogether, such as a proxy that wants to be paid. */
const htmlPage = answer(200, 'text/html', '<html><body>Please sign in</body></html>');

const TOO_LATE = /ran out of time|did not respond within|due to timeout|TimeoutError/;

/** By the end of a sentence that starts with the dependency. */
export const faults: Readonly<Record<string, Fault>> = {
  'refuses connections': {
    leaves: 'hope',
    logged: /ECONNREFUSED|ECONNRESET|hang up/,
    script: () => 'refuse',
  },
  'resets the connection': { leaves: 'hope', logged: /ECONNRESET|hang up/, script: () => 'reset' },
  'never answers': { leaves: 'hope', logged: TOO_LATE, script: () => 'hang' },
  'stops halfway through its answer': {
    leaves: 'hope',
    logged: TOO_LATE,
    needsBody: true,
    script: brokenOff('hang'),
  },
  'resets the connection halfway through its answer': {
    leaves: 'hope',
    logged: /aborted|ECONNRESET/,
    needsBody: true,
    script: brokenOff('reset'),
  },
  'answers 500': {
    leaves: 'hope',
    logged: /Internal ?Server ?Error|InternalError|500/,
    script: refuseWith({
      table: [500, 'InternalServerError'],
      bucket: [500, 'InternalError'],
      'token keys': [500, 'Internal Server Error'],
    }),
  },
  'answers 502 in HTML': {
    leaves: 'hope',
    logged: /502/,
    script: () => answer(502, 'text/html', '<html><body>Bad Gateway</body></html>'),
  },
  'is too busy': {
    leaves: 'hope',
    logged: /ProvisionedThroughputExceededException|SlowDown|503|429/,
    script: refuseWith({
      table: [400, 'ProvisionedThroughputExceededException'],
      bucket: [503, 'SlowDown'],
      'token keys': [429, 'Too Many Requests'],
    }),
  },
  'forbids it': {
    leaves: 'nothing',
    logged: /AccessDenied|403/,
    script: refuseWith({
      table: [400, 'AccessDeniedException'],
      bucket: [403, 'AccessDenied'],
      'token keys': [403, 'Forbidden'],
    }),
  },
  'is not there': {
    leaves: 'nothing',
    logged: /ResourceNotFoundException|NoSuchBucket|NotFound|404/,
    script: refuseWith({
      table: [400, 'ResourceNotFoundException'],
      bucket: [404, 'NoSuchBucket'],
      'token keys': [404, 'Not Found'],
    }),
  },
  'cuts its answer short': {
    leaves: 'nothing',
    logged: /JSON|XML|key set|not a list|names no key/,
    needsBody: true,
    script: async (_, forward) => {
      const { status, headers, body } = await forward();
      return answer(status, headers['content-type'] ?? '', body.toString().slice(0, body.length / 2));
    },
  },
  'answers something else': {
    leaves: 'nothing',
    logged: /JSON|XML|key set|not a list|names no key/,
    needsBody: true,
    script: () => htmlPage,
  },
  'is slow': {
    leaves: 'an answer',
    logged: /^/,
    script: async (_, forward) => {
      await sleep(300);
      return forward();
    },
  },
};

/** A batch that S3 answers 200 to and yet leaves undone, by the codes it has for single keys. */
export const refusedKeys = (...codes: readonly string[]): Script => {
  const errors = codes.map((code, index) => `<Error><Key>${index}</Key><Code>${code}</Code></Error>`);
  return () => answer(200, 'application/xml', `<DeleteResult>${errors.join('')}</DeleteResult>`);
};

/** An answer of no bytes, which a careless reader takes for one that holds nothing. */
export const emptyAnswer: Script = () => answer(200, 'application/octet-stream', '');
