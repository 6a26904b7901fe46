import { jobStatuses } from '@jobs-api/core';
import {
  MAX_EXPIRES_IN,
  MAX_JOB_IDS,
  MAX_LIMIT,
  parameterWithType,
  queryParameters,
  type QueryParameter,
} from '../request/parameters.ts';
import { REQUEST_ID } from '../response/common-headers.ts';

const codes = Object.keys(jobStatuses);

const EXPIRY =
  'RFC 3339, in UTC: the earliest of the lifetime requested, the lifetime configured and the end of the credentials that signed';

const TOTAL_SIZE = {
  type: 'integer',
  format: 'int64',
  minimum: 0,
  description: 'All uploaded files together, in bytes',
};
const CREDITS_SPENT = { type: 'number', minimum: 0 };
const COUNT = { type: 'integer', format: 'int64', minimum: 0 };

const schemas = {
  JobSummary: {
    type: 'object',
    required: ['job_id', 'job_name', 'date', 'total_size', 'credits_spent', 'status', 'status_meaning', 'finished'],
    properties: {
      job_id: { $ref: '#/components/schemas/JobId' },
      job_name: { type: ['string', 'null'] },
      date: { $ref: '#/components/schemas/JobDate' },
      total_size: TOTAL_SIZE,
      credits_spent: CREDITS_SPENT,
      status: { $ref: '#/components/schemas/JobStatus' },
      status_meaning: { type: 'string', description: 'The status in words, for people' },
      progress_percent: { $ref: '#/components/schemas/ProgressPercent' },
      finished: { $ref: '#/components/schemas/Finished' },
    },
  },
  Job: {
    type: 'object',
    required: [
      'user_id',
      'job_id',
      'job_name',
      'date',
      'total_size',
      'credits_spent',
      'email',
      'object_uuid_names',
      'media_length',
      'failed_to_process',
      'status',
      'finished',
    ],
    properties: {
      user_id: { type: 'string' },
      job_id: { $ref: '#/components/schemas/JobId' },
      job_name: { type: ['string', 'null'] },
      date: { $ref: '#/components/schemas/JobDate' },
      total_size: TOTAL_SIZE,
      credits_spent: CREDITS_SPENT,
      email: { type: ['string', 'null'] },
      object_uuid_names: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Object uuid to the name of the file on the user’s machine',
      },
      media_length: {
        type: 'object',
        additionalProperties: { type: 'number', minimum: 0 },
        description: 'Object uuid to length, in the unit of that kind of file, such as seconds or pages',
      },
      failed_to_process: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Object uuid to the reason why that file could not be processed',
      },
      status: { $ref: '#/components/schemas/JobStatus' },
      progress_percent: { $ref: '#/components/schemas/ProgressPercent' },
      finished: { $ref: '#/components/schemas/Finished' },
    },
  },
  JobId: {
    type: 'integer',
    format: 'int64',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Unique within its user',
  },
  JobDate: {
    type: ['string', 'null'],
    description: 'When the job was created, as the program that created it wrote it: Go’s `time.Time.String()`',
    examples: ['2020-01-01 12:00:00.000000000 UTC'],
  },
  JobStatus: {
    type: 'string',
    description: `One of ${codes.map((code) => `\`${code}\``).join(', ')}; \`unknown\` if the record has none. Any other status is returned unchanged.`,
    examples: codes,
  },
  ProgressPercent: {
    type: 'integer',
    minimum: 0,
    maximum: 100,
    description: 'Completed part of the work in percent. Absent if the record does not have it',
  },
  Finished: {
    type: 'boolean',
    description: 'Whether the status is final, so that a client can stop waiting for the job',
  },
  Receipt: {
    type: 'object',
    required: ['job_id', 'record', 'objects', 'uploads', 'bytes', 'verified_at'],
    description:
      'Counts of what this request removed. Copies by replication, backups, and files that another program writes later are not covered',
    properties: {
      job_id: { $ref: '#/components/schemas/JobId' },
      record: { type: 'string', enum: ['deleted', 'absent'], description: 'Whether there was a record to delete' },
      objects: { ...COUNT, description: 'Files and results, each older version and delete marker counted by itself' },
      uploads: { ...COUNT, description: 'Uploads that were never completed' },
      bytes: { ...COUNT, description: 'Size of the files, results and older versions' },
      verified_at: {
        type: 'string',
        format: 'date-time',
        description: 'When the storage listed nothing of the job any more. RFC 3339, in UTC',
      },
    },
  },
  Links: {
    type: 'object',
    required: ['full', 'min'],
    properties: {
      full: { type: 'string', format: 'uri', description: 'Link to the full result, a JSON document' },
      min: { type: 'string', format: 'uri', description: 'Link to the minified result' },
    },
  },
};

interface Parameter {
  readonly required?: true;
  readonly description: string;
  readonly schema: object;
  /** The examples of one operation can be sent together. A parameter that excludes others has none. */
  readonly example?: string | number;
}

/** A pattern cannot say that an id is at most 9007199254740991. */
const JOB_ID = '[1-9][0-9]{0,15}';
const STATUS = `(${codes.join('|')})`;

const date = (description: string, example: string): Parameter => ({
  description: `${description}. A job whose \`date\` cannot be parsed does not match`,
  schema: {
    type: 'string',
    format: 'date-time',
    // The format alone lets a space stand for the T.
    pattern: String.raw`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$`,
  },
  example,
});

/** `include` takes another value in each operation. */
type DocumentedParameter = Exclude<QueryParameter, 'include'> | 'includeObjectUrls' | 'includeReceipt';

/** Query parameters under the names that they have in the code. A parameter that is missing here does not compile. */
const parameters: Readonly<Record<DocumentedParameter, Parameter>> = {
  jobId: {
    required: true,
    description: 'Id of the job, without sign or leading zero',
    schema: { $ref: '#/components/schemas/JobId' },
    example: 1,
  },
  objectUuid: {
    required: true,
    description: 'The uuid of the file: a key of `object_uuid_names`',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$' },
    example: 'uuid.ext',
  },
  createdAfter: date('Only jobs created at that instant or later', '2020-01-01T00:00:00Z'),
  createdBefore: date('Only jobs created before that instant', '2021-01-01T00:00:00Z'),
  cursor: {
    description:
      'The `next_cursor` of the previous page. It is valid with the same `order` and filters only. Cannot be combined with `job-ids`',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
  },
  downloadAs: {
    description: 'Makes a browser save the file under that name instead of showing it',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: String.raw`^[^/\\\u0000-\u001F\u007F-\u009F]+$` },
    example: 'holiday.png',
  },
  expiresIn: {
    description: 'Lifetime of the links in seconds, at most the configured lifetime',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: MAX_EXPIRES_IN },
    example: 600,
  },
  includeObjectUrls: {
    description: 'Adds a link to every uploaded file',
    schema: { type: 'string', enum: ['object-urls'] },
    example: 'object-urls',
  },
  includeReceipt: {
    description: 'Adds what this request removed',
    schema: { type: 'string', enum: ['receipt'] },
    example: 'receipt',
  },
  jobIds: {
    description: `Only these jobs: up to ${MAX_JOB_IDS} ids separated by commas, such as \`3,17\`. Jobs that do not exist are left out of the response. No other job is read, so use this to poll. Cannot be combined with \`limit\` or \`cursor\``,
    schema: { type: 'string', pattern: `^${JOB_ID}(,${JOB_ID}){0,${MAX_JOB_IDS - 1}}$` },
  },
  limit: {
    description:
      'How many jobs a page may hold. Without it, the response holds every job. Cannot be combined with `job-ids`',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: MAX_LIMIT },
    example: 50,
  },
  name: {
    description: 'Only jobs whose name contains this text, ignoring case',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    example: 'name',
  },
  onlyIf: {
    description: 'Deletes the job only if it is finished',
    schema: { type: 'string', enum: ['finished'] },
    example: 'finished',
  },
  order: {
    description: 'Ascending or descending ids',
    schema: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
    example: 'desc',
  },
  result: {
    description: 'Links to that result of the object instead of the uploaded file',
    schema: { type: 'string', enum: ['full', 'min'] },
    example: 'full',
  },
  status: {
    description: `Only jobs with one of these statuses, separated by commas: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    schema: { type: 'string', pattern: `^${STATUS}(,${STATUS})*$` },
    example: 'success,failed_critical',
  },
};

const nameOf = (parameter: DocumentedParameter): QueryParameter =>
  parameter === 'includeObjectUrls' || parameter === 'includeReceipt' ? 'include' : parameter;

const headers = {
  'X-Request-Id': {
    description: 'Id of the request in the log: the caller’s own, or a new one',
    required: true,
    schema: { type: 'string', pattern: REQUEST_ID.source },
  },
  'Cache-Control': { required: true, schema: { type: 'string', const: 'no-store' } },
  'X-Content-Type-Options': { required: true, schema: { type: 'string', const: 'nosniff' } },
};

const everyHeader = Object.fromEntries(
  Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

const json = (description: string, schema: object, example?: unknown, own: object = {}) => ({
  description,
  headers: { ...everyHeader, ...own },
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
});

/** Describes a response whose body is always the same, to the letter. */
const fixed = (description: string, body: Readonly<Record<string, string>>, own: object = {}) => {
  const properties = Object.entries(body).map(([name, value]) => [name, { type: 'string', const: value }] as const);
  const schema = { type: 'object', required: Object.keys(body), properties: Object.fromEntries(properties) };
  return json(description, schema, body, own);
};

const responses = {
  Unauthorized: fixed(
    'The token is missing or not valid. Only the log has the reason',
    { message: 'Unauthorized' },
    { 'WWW-Authenticate': { required: true, schema: { type: 'string', const: 'Bearer' } } },
  ),
  JobNotFound: fixed('The user has no such job', {
    message: 'The job does not exist',
    affected_query_parameter: parameterWithType('jobId'),
  }),
  JobNotFinished: fixed('The job is not finished, and the request has `only-if=finished`', {
    message: 'The job is not finished',
    affected_query_parameter: parameterWithType('jobId'),
  }),
  ResponseTooLarge: fixed('AWS Lambda only: the response, as encoded, is too large for the gateway', {
    message: 'The answer is too large: ask for less with limit, or accept compression',
  }),
  HeadersTooLarge: fixed('The request’s headers are over 16 KiB', { message: 'Request Header Fields Too Large' }),
  Failure: fixed('A fault in the service. Only the log has the details', {
    message: 'Internal server failure message',
  }),
  Unavailable: fixed(
    'A dependency is not available, the service is overloaded, or the request ran out of time: retry',
    { message: 'Service Unavailable' },
    { 'Retry-After': { required: true, description: 'Seconds', schema: { type: 'integer', const: 1 } } },
  ),
  NotFound: fixed('The path is not in this document', { message: 'Not Found' }),
  MethodNotAllowed: fixed(
    'The path has no such method',
    { message: 'Method Not Allowed' },
    { Allow: { required: true, description: 'The methods of that path', schema: { type: 'string' } } },
  ),
  Preflight: {
    description: 'Response to a preflight, if pages of other origins are allowed',
    headers: everyHeader,
  },
};

const response = (name: keyof typeof responses) => ({ $ref: `#/components/responses/${name}` });

const badRequest = (names: readonly [QueryParameter, ...QueryParameter[]], problem: string) =>
  json(
    'A parameter is missing, malformed or given twice',
    {
      type: 'object',
      required: ['message', 'affected_query_parameter'],
      properties: {
        message: { type: 'string', description: 'The parameter, and the values that it may have' },
        affected_query_parameter: { type: 'string', enum: names.map(parameterWithType) },
      },
    },
    {
      message: `The ${queryParameters[names[0]].name} query parameter ${problem}`,
      affected_query_parameter: parameterWithType(names[0]),
    },
  );

/** Responses of every operation. */
const common = { '431': response('HeadersTooLarge') };

/** Responses of every operation on jobs. */
const commonOnJobs = {
  ...common,
  '401': response('Unauthorized'),
  '500': response('Failure'),
  '503': response('Unavailable'),
};

/** Refers to parameters of one operation, besides those of all. */
const takes = (...names: DocumentedParameter[]) => names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

const path = (operations: object) => ({ parameters: [{ $ref: '#/components/parameters/requestId' }], ...operations });

/**
 * The API as OpenAPI describes it (https://spec.openapis.org/oas/v3.1.1), served at `/openapi.json`. The tests hold
 * every response to it, and compare what it says of parameters with what the routes take.
 */
export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Jobs API',
    version: '1.0.0',
    summary: 'Lists, reads, links to and deletes file processing jobs',
    description: [
      'Users can read and delete only their own jobs.',
      '`HEAD` is `GET` without the body. The response to any other path is 404, to any other method 405.',
      'Paths are case-sensitive. Parameters that are not listed are ignored; an optional one that is empty counts as absent.',
      'Bodies of more than 1 KiB are compressed for clients that accept `br` or `gzip`.',
    ].join('\n\n'),
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'Source of this document' }],
  security: [{ bearer: [] }, { token: [] }],
  tags: [
    { name: 'Jobs', description: 'Operations on the jobs of a user' },
    { name: 'Service', description: 'Operations that need no token' },
  ],
  paths: {
    '/api/v1/jobs/list': path({
      get: {
        operationId: 'listJobs',
        tags: ['Jobs'],
        summary: 'List jobs',
        description:
          'Returns all jobs of the user, a page of them, or some of them by id. Filters combine: a job has to match all of them. Every page but the last is full. With a filter, a page may also end early, with a `next_cursor`, when half of the time for the request has passed. A job that was just deleted may still be listed for a moment.',
        parameters: takes('createdAfter', 'createdBefore', 'cursor', 'jobIds', 'limit', 'name', 'order', 'status'),
        responses: {
          '200': json(
            'The jobs, by id',
            {
              type: 'object',
              required: ['jobs'],
              properties: {
                jobs: { type: 'array', items: { $ref: '#/components/schemas/JobSummary' } },
                next_cursor: {
                  type: 'string',
                  description: 'The `cursor` of the next page. Absent on the last page',
                },
              },
            },
            {
              jobs: [
                {
                  job_id: 1,
                  job_name: 'Job Name',
                  date: '2020-01-01 12:00:00.000000000 UTC',
                  total_size: 10240,
                  credits_spent: 1,
                  status: 'success',
                  status_meaning: 'Job completed successfully',
                  finished: true,
                },
              ],
            },
          ),
          '400': badRequest(
            ['limit', 'createdAfter', 'createdBefore', 'cursor', 'jobIds', 'name', 'order', 'status'],
            `must be a whole number from 1 to ${MAX_LIMIT}`,
          ),
          '413': response('ResponseTooLarge'),
          ...commonOnJobs,
        },
      },
    }),
    '/api/v1/jobs/get': path({
      get: {
        operationId: 'getJob',
        tags: ['Jobs'],
        summary: 'Get a job, with links to its results',
        parameters: takes('jobId', 'expiresIn', 'includeObjectUrls'),
        responses: {
          '200': json(
            'The job, and links that need no token and work until they expire',
            {
              type: 'object',
              required: ['job_info', 'results'],
              properties: {
                job_info: { $ref: '#/components/schemas/Job' },
                results: {
                  type: 'object',
                  additionalProperties: { $ref: '#/components/schemas/Links' },
                  description:
                    'Links by object uuid, for each file that was processed. Empty until the job has succeeded',
                },
                results_expire_at: {
                  type: 'string',
                  format: 'date-time',
                  description: `When the links of this response expire, if there are any. ${EXPIRY}`,
                },
                object_urls: {
                  type: 'object',
                  additionalProperties: { type: 'string', format: 'uri' },
                  description: 'With `include=object-urls`: a link to each uploaded file, by object uuid',
                },
              },
            },
            {
              job_info: {
                user_id: 'user-id',
                job_id: 1,
                job_name: 'Job Name',
                date: '2020-01-01 12:00:00.000000000 UTC',
                total_size: 5020,
                credits_spent: 2,
                email: 'example@domain.com',
                object_uuid_names: { 'uuid.png': 'file.png' },
                media_length: { 'uuid.png': 1 },
                failed_to_process: {},
                status: 'success',
                finished: true,
              },
              results: {
                'uuid.png': { full: 'https://bucket-url/link-to.json', min: 'https://bucket-url/link-to.min.json' },
              },
              results_expire_at: '2020-01-01T13:00:00.000Z',
              object_urls: { 'uuid.png': 'https://bucket-url/link-to-object' },
            },
          ),
          '400': badRequest(['jobId', 'expiresIn', 'include'], 'is missing'),
          '404': response('JobNotFound'),
          '413': response('ResponseTooLarge'),
          ...commonOnJobs,
        },
      },
    }),
    '/api/v1/jobs/get-object-url': path({
      get: {
        operationId: 'getObjectUrl',
        tags: ['Jobs'],
        summary: 'Get a link to an uploaded file or to one of its results',
        description: 'Does not check whether the job or the file exists.',
        parameters: takes('jobId', 'objectUuid', 'downloadAs', 'expiresIn', 'result'),
        responses: {
          '200': json(
            'A link that needs no token and works until it expires',
            {
              type: 'object',
              required: ['url', 'expires_at'],
              properties: {
                url: { type: 'string', format: 'uri' },
                expires_at: {
                  type: 'string',
                  format: 'date-time',
                  description: `When the link expires. ${EXPIRY}`,
                },
              },
            },
            { url: 'https://bucket-url/link-to-object', expires_at: '2020-01-01T13:00:00.000Z' },
          ),
          '400': badRequest(['jobId', 'objectUuid', 'downloadAs', 'expiresIn', 'result'], 'is missing'),
          ...commonOnJobs,
        },
      },
    }),
    '/api/v1/jobs/delete': path({
      delete: {
        operationId: 'deleteJob',
        tags: ['Jobs'],
        summary: 'Delete a job, with all its files and results',
        description:
          'Can be repeated. Repeat it after a 500 or 503, which may leave a part: the next request continues. As long as any file is left, the job is still listed.',
        parameters: takes('jobId', 'includeReceipt', 'onlyIf'),
        responses: {
          '200': json(
            'The job does not exist, or not any more',
            {
              type: 'object',
              required: ['message'],
              properties: {
                message: { type: 'string', const: 'Ok' },
                receipt: { $ref: '#/components/schemas/Receipt' },
              },
            },
            {
              message: 'Ok',
              receipt: {
                job_id: 1,
                record: 'deleted',
                objects: 12,
                uploads: 1,
                bytes: 871234,
                verified_at: '2020-01-01T12:00:00.000Z',
              },
            },
          ),
          '400': badRequest(['jobId', 'include', 'onlyIf'], 'is missing'),
          '409': response('JobNotFinished'),
          ...commonOnJobs,
        },
      },
    }),
    '/healthz': path({
      get: {
        operationId: 'getHealth',
        tags: ['Service'],
        summary: 'Whether the process is alive',
        security: [],
        responses: { '200': fixed('The process is alive', { status: 'ok' }), ...common },
      },
    }),
    '/readyz': path({
      get: {
        operationId: 'getReadiness',
        tags: ['Service'],
        summary: 'Whether the service can do its work',
        description: 'The result is cached for 2 seconds at most.',
        security: [],
        responses: {
          '200': fixed('The service can do its work', { status: 'ready' }),
          '503': json(
            'The service cannot do its work',
            {
              type: 'object',
              required: ['status', 'failing'],
              properties: {
                status: { type: 'string', const: 'not ready' },
                failing: {
                  type: 'array',
                  minItems: 1,
                  items: { type: 'string', examples: ['table', 'bucket', 'token keys', 'shutting down'] },
                },
              },
            },
            { status: 'not ready', failing: ['table'] },
          ),
          ...common,
        },
      },
    }),
    '/openapi.json': path({
      get: {
        operationId: 'getOpenApi',
        tags: ['Service'],
        summary: 'This document',
        security: [],
        responses: {
          '200': json('OpenAPI 3.1', { type: 'object' }),
          ...common,
        },
      },
    }),
  },
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Signed with RS256 by the issuer' },
      token: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: 'The same token, without the word Bearer',
      },
    },
    parameters: {
      requestId: {
        name: 'X-Request-Id',
        in: 'header',
        description:
          'Id of the request, chosen by the caller: 1 to 128 of `A-Z a-z 0-9 . _ -`. Any other value is replaced',
        schema: { type: 'string' },
      },
      ...Object.fromEntries(
        Object.entries(parameters).map(([key, parameter]) => [
          key,
          { name: queryParameters[nameOf(key as DocumentedParameter)].name, in: 'query', ...parameter },
        ]),
      ),
    },
    headers,
    responses,
    schemas,
  },
};
