import { setTimeout as sleep } from 'node:timers/promises';
import { type ProxiedCall, type FaultScript } from './fault-proxy.ts';
import { type ProxiedResponse } from './proxy.ts';

/** A fault of a dependency, as it shows in a call. */
export interface Fault {
  /** Outcome for the caller of the service: success, an error that a retry may overcome, or an error that stays. */
  readonly leaves: 'success' | 'a retry' | 'nothing';
  /** Expected in the log. */
  readonly logged: RegExp;
  readonly script: FaultScript;
  /** Whether the fault is one of a response body, which not every call has. */
  readonly needsBody?: boolean;
}

const response = (status: number, type: string, text: string): ProxiedResponse => {
  const body = Buffer.from(text);
  return { status, headers: { 'content-type': type, 'content-length': String(body.length) }, body };
};

/** Status and code of a refusal of each dependency. */
type Refusals = Readonly<Record<ProxiedCall['to'], readonly [status: number, code: string]>>;

const refuseWith =
  (refusals: Refusals): FaultScript =>
  ({ to }) => {
    const [status, code] = refusals[to];
    if (to === 'bucket')
      return response(status, 'application/xml', `<Error><Code>${code}</Code><Message>Not now</Message></Error>`);
    if (to === 'table')
      return response(status, 'application/x-amz-json-1.0', `{"__type":"x#${code}","message":"Not now"}`);
    return response(status, 'text/plain', code);
  };

const brokenOff =
  (midway: 'hang' | 'reset'): FaultScript =>
  async (_, forward) => ({ ...(await forward()), midway });

/** A response of something else, such as the sign-in page of a proxy. */
const htmlPage = response(200, 'text/html', '<html><body>Please sign in</body></html>');

const TOO_LATE = /ran out of time|did not respond within|due to timeout|TimeoutError/;

/** Faults by the end of a sentence that starts with the dependency. */
export const faults: Readonly<Record<string, Fault>> = {
  'refuses connections': {
    leaves: 'a retry',
    logged: /ECONNREFUSED|ECONNRESET|hang up/,
    script: () => 'refuse',
  },
  'resets the connection': { leaves: 'a retry', logged: /ECONNRESET|hang up/, script: () => 'reset' },
  'never responds': { leaves: 'a retry', logged: TOO_LATE, script: () => 'hang' },
  'stops halfway through its response': {
    leaves: 'a retry',
    logged: TOO_LATE,
    needsBody: true,
    script: brokenOff('hang'),
  },
  'resets the connection halfway through its response': {
    leaves: 'a retry',
    logged: /aborted|ECONNRESET/,
    needsBody: true,
    script: brokenOff('reset'),
  },
  'responds with 500': {
    leaves: 'a retry',
    logged: /Internal ?Server ?Error|InternalError|500/,
    script: refuseWith({
      table: [500, 'InternalServerError'],
      bucket: [500, 'InternalError'],
      'token keys': [500, 'Internal Server Error'],
    }),
  },
  'responds with 502 in HTML': {
    leaves: 'a retry',
    logged: /502/,
    script: () => response(502, 'text/html', '<html><body>Bad Gateway</body></html>'),
  },
  'is too busy': {
    leaves: 'a retry',
    logged: /ProvisionedThroughputExceededException|SlowDown|503|429/,
    script: refuseWith({
      table: [400, 'ProvisionedThroughputExceededException'],
      bucket: [503, 'SlowDown'],
      'token keys': [429, 'Too Many Requests'],
    }),
  },
  'denies access': {
    leaves: 'nothing',
    logged: /AccessDenied|403/,
    script: refuseWith({
      table: [400, 'AccessDeniedException'],
      bucket: [403, 'AccessDenied'],
      'token keys': [403, 'Forbidden'],
    }),
  },
  'does not exist': {
    leaves: 'nothing',
    logged: /ResourceNotFoundException|NoSuchBucket|NotFound|404/,
    script: refuseWith({
      table: [400, 'ResourceNotFoundException'],
      bucket: [404, 'NoSuchBucket'],
      'token keys': [404, 'Not Found'],
    }),
  },
  'cuts its response short': {
    leaves: 'nothing',
    logged: /JSON|XML|key set|not a list|names no key/,
    needsBody: true,
    script: async (_, forward) => {
      const { status, headers, body } = await forward();
      return response(status, headers['content-type'] ?? '', body.toString().slice(0, body.length / 2));
    },
  },
  'responds with an HTML page': {
    leaves: 'nothing',
    logged: /JSON|XML|key set|not a list|names no key/,
    needsBody: true,
    script: () => htmlPage,
  },
  'is slow': {
    leaves: 'success',
    logged: /^/,
    script: async (_, forward) => {
      await sleep(300);
      return forward();
    },
  },
};

/** A response with status 200 to DeleteObjects that refuses single keys with these codes. */
export const refusedKeys = (...codes: readonly string[]): FaultScript => {
  const errors = codes.map((code, index) => `<Error><Key>${index}</Key><Code>${code}</Code></Error>`);
  return () => response(200, 'application/xml', `<DeleteResult>${errors.join('')}</DeleteResult>`);
};

/** An empty response, which must not be taken for an empty list. */
export const emptyResponse: FaultScript = () => response(200, 'application/octet-stream', '');
