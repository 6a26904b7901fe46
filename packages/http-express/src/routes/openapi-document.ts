import { jobStatuses } from '@jobs-api/core';
import { MAX_LIMIT, parameterWithType, queryParameters } from '../request/parameters.ts';
import type { QueryParameter } from '../request/parameters.ts';
import { REQUEST_ID } from '../response/common-headers.ts';

const codes = Object.keys(jobStatuses);

const EXPIRY =
  'RFC 3339, in UTC: the lifetime that is configured, or the end of the credentials that signed, if sooner';

const schemas = {
  JobSummary: {
    type: 'object',
    required: ['job_id', 'job_name', 'date', 'total_size', 'credits_spent', 'status', 'status_meaning'],
    properties: {
      job_id: { $ref: '#/components/schemas/JobId' },
      job_name: { type: ['string', 'null'] },
      date: { $ref: '#/components/schemas/JobDate' },
      total_size: { type: 'integer', minimum: 0, description: 'All uploaded files together, in bytes' },
      credits_spent: { type: 'number', minimum: 0 },
      status: { $ref: '#/components/schemas/JobStatus' },
      status_meaning: { type: 'string', description: 'The status in words, for people' },
      progress_percent: { $ref: '#/components/schemas/ProgressPercent' },
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
    ],
    properties: {
      user_id: { type: 'string' },
      job_id: { $ref: '#/components/schemas/JobId' },
      job_name: { type: ['string', 'null'] },
      date: { $ref: '#/components/schemas/JobDate' },
      total_size: { type: 'integer', minimum: 0, description: 'All uploaded files together, in bytes' },
      credits_spent: { type: 'number', minimum: 0 },
      email: { type: ['string', 'null'] },
      object_uuid_names: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Object uuid to the name that the file had on the user’s machine',
      },
      media_length: {
        type: 'object',
        additionalProperties: { type: 'number', minimum: 0 },
        description: 'Object uuid to length: seconds of sound or video, pages, whatever counts for that kind of file',
      },
      failed_to_process: {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Object uuid to the reason why that file could not be processed',
      },
      status: { $ref: '#/components/schemas/JobStatus' },
      progress_percent: { $ref: '#/components/schemas/ProgressPercent' },
    },
  },
  JobId: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Unique within its user' },
  JobDate: {
    type: ['string', 'null'],
    description: 'When the job was made, as its maker wrote it',
    examples: ['2020-01-01 12:00:00.000000000 UTC'],
  },
  JobStatus: {
    type: 'string',
    description: `One of ${codes.map((code) => `\`${code}\``).join(', ')}; \`unknown\` where the record has none. A status that is not known here is passed on as it is.`,
    examples: codes,
  },
  ProgressPercent: {
    type: 'integer',
    minimum: 0,
    maximum: 100,
    description: 'How much of the work is done. Left out where the record does not say',
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
  readonly example: string | number;
}

/** Query parameters, under the names that they have in the code. One that is not here does not compile. */
const parameters: Readonly<Record<QueryParameter, Parameter>> = {
  jobId: {
    required: true,
    description: 'The number of the job, without sign or leading zero',
    schema: { $ref: '#/components/schemas/JobId' },
    example: 1,
  },
  objectUuid: {
    required: true,
    description: 'The uuid of the file: a key of `object_uuid_names`',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$' },
    example: 'uuid.ext',
  },
  limit: {
    description: 'How many jobs a page may hold. Without it, the answer holds every job',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT },
    example: 50,
  },
  cursor: {
    description: 'Where to go on: the `next_cursor` of the page before, given for the same `order` and `status`',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
    example: 'MS5hc2MuLjE',
  },
  order: {
    description: 'By ascending or descending number',
    schema: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
    example: 'desc',
  },
  status: {
    description: 'Only the jobs of that status',
    schema: { type: 'string', enum: codes },
    example: 'success',
  },
  include: {
    description: 'Adds a link to every uploaded file',
    schema: { type: 'string', enum: ['object-urls'] },
    example: 'object-urls',
  },
  downloadAs: {
    description: 'Makes a browser save the file under that name, and not show it',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: String.raw`^[^/\\\u0000-\u001F\u007F-\u009F]+$` },
    example: 'holiday.png',
  },
};

const headers = {
  'X-Request-Id': {
    description: 'The caller’s own, or a new one: the log has the request under it',
    required: true,
    schema: { type: 'string', pattern: REQUEST_ID.source },
  },
  'Cache-Control': { required: true, schema: { type: 'string', const: 'no-store' } },
  'X-Content-Type-Options': { required: true, schema: { type: 'string', const: 'nosniff' } },
};

const ofEveryAnswer = Object.fromEntries(
  Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

const answer = (description: string, schema: object, example?: unknown, own: object = {}) => ({
  description,
  headers: { ...ofEveryAnswer, ...own },
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
});

/** An answer whose body is always the same, to the letter. */
const fixed = (description: string, body: Readonly<Record<string, string>>, own: object = {}) => {
  const properties = Object.entries(body).map(([name, value]) => [name, { type: 'string', const: value }] as const);
  const schema = { type: 'object', required: Object.keys(body), properties: Object.fromEntries(properties) };
  return answer(description, schema, body, own);
};

const responses = {
  Unauthorized: fixed(
    'The token is missing or not valid. Why is for the log',
    { message: 'Unauthorized' },
    { 'WWW-Authenticate': { required: true, schema: { type: 'string', const: 'Bearer' } } },
  ),
  JobNotFound: fixed('The user has no such job', {
    message: 'The job does not exist',
    affected_query_parameter: parameterWithType('jobId'),
  }),
  AnswerTooLarge: fixed('Behind AWS Lambda only: the answer, as it would be sent, is over 6 MiB', {
    message: 'The answer is too large: ask for less with limit, or accept compression',
  }),
  HeadersTooLarge: fixed('The request’s headers are over 16 KiB', { message: 'Request Header Fields Too Large' }),
  Failure: fixed('A fault on our side, for the log', { message: 'Internal server failure message' }),
  Unavailable: fixed(
    'Something that is needed is out of reach, there is too much to do, or the time was up: try again',
    { message: 'Service Unavailable' },
    { 'Retry-After': { required: true, description: 'Seconds', schema: { type: 'integer', const: 1 } } },
  ),
  NotFound: fixed('To a path that is not in this document', { message: 'Not Found' }),
  MethodNotAllowed: fixed(
    'To a method that is not in this document, on a path that is',
    { message: 'Method Not Allowed' },
    { Allow: { required: true, description: 'The methods of that path', schema: { type: 'string' } } },
  ),
  Preflight: {
    description: 'To a preflight, where pages of other origins are let in',
    headers: ofEveryAnswer,
  },
};

const response = (name: keyof typeof responses) => ({ $ref: `#/components/responses/${name}` });

const badRequest = (names: readonly [QueryParameter, ...QueryParameter[]], problem: string) =>
  answer(
    'A parameter is missing, malformed or given twice',
    {
      type: 'object',
      required: ['message', 'affected_query_parameter'],
      properties: {
        message: { type: 'string', description: 'Which parameter, and what it may be' },
        affected_query_parameter: { type: 'string', enum: names.map(parameterWithType) },
      },
    },
    {
      message: `The ${queryParameters[names[0]].name} query parameter ${problem}`,
      affected_query_parameter: parameterWithType(names[0]),
    },
  );

/** What any operation may be answered. */
const anyway = { '431': response('HeadersTooLarge') };

/** What any operation on jobs may be answered. */
const anywayOnJobs = {
  ...anyway,
  '401': response('Unauthorized'),
  '500': response('Failure'),
  '503': response('Unavailable'),
};

/** Without the parameters that every operation has. */
const takes = (...names: QueryParameter[]) => names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

const path = (operations: object) => ({ parameters: [{ $ref: '#/components/parameters/requestId' }], ...operations });

/**
 * The API as OpenAPI describes it (https://spec.openapis.org/oas/v3.1.1), served at `/openapi.json`. The tests hold every
 * answer to it, and what it says of parameters to what the routes take.
 */
export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Jobs API',
    version: '1.0.0',
    summary: 'Lists, reads, links to and deletes file processing jobs',
    description: [
      'A user sees and touches their own jobs only.',
      '`HEAD` is answered like `GET`, without the body. Any other path is answered 404, any other method 405.',
      'Paths are case-sensitive. Parameters that are not listed are ignored; an optional one that is empty counts as not given.',
      'Bodies of more than 1 KiB are compressed for who accepts `br` or `gzip`.',
    ].join('\n\n'),
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'Where this document came from' }],
  security: [{ bearer: [] }, { token: [] }],
  tags: [
    { name: 'Jobs', description: 'What a user can do with their jobs' },
    { name: 'Service', description: 'What anyone may ask, without a token' },
  ],
  paths: {
    '/api/v1/jobs/list': path({
      get: {
        operationId: 'listJobs',
        tags: ['Jobs'],
        summary: 'List jobs',
        description:
          'Every job of the user, or a page of them. With `limit` and `status`, a page is full or the last, unless finding so many takes too long: then it ends early, with a `next_cursor`. A job that was just deleted may show for a moment.',
        parameters: takes('limit', 'cursor', 'order', 'status'),
        responses: {
          '200': answer(
            'The jobs, by number',
            {
              type: 'object',
              required: ['jobs'],
              properties: {
                jobs: { type: 'array', items: { $ref: '#/components/schemas/JobSummary' } },
                next_cursor: {
                  type: 'string',
                  description: 'Given as `cursor`, brings the next page. Absent on the last',
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
                },
              ],
            },
          ),
          '400': badRequest(['limit', 'cursor', 'order', 'status'], `must be a whole number from 1 to ${MAX_LIMIT}`),
          '413': response('AnswerTooLarge'),
          ...anywayOnJobs,
        },
      },
    }),
    '/api/v1/jobs/get': path({
      get: {
        operationId: 'getJob',
        tags: ['Jobs'],
        summary: 'Get a job, with links to its results',
        parameters: takes('jobId', 'include'),
        responses: {
          '200': answer(
            'The job, and links that work for anyone until they expire',
            {
              type: 'object',
              required: ['job_info', 'results'],
              properties: {
                job_info: { $ref: '#/components/schemas/Job' },
                results: {
                  type: 'object',
                  additionalProperties: { $ref: '#/components/schemas/Links' },
                  description: 'By object uuid, for each file that was processed. Empty until the job has succeeded',
                },
                results_expire_at: {
                  type: 'string',
                  format: 'date-time',
                  description: `When the links of this answer expire, where there are any. ${EXPIRY}`,
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
              },
              results: {
                'uuid.png': { full: 'https://bucket-url/link-to.json', min: 'https://bucket-url/link-to.min.json' },
              },
              results_expire_at: '2020-01-01T13:00:00.000Z',
            },
          ),
          '400': badRequest(['jobId', 'include'], 'is missing'),
          '404': response('JobNotFound'),
          '413': response('AnswerTooLarge'),
          ...anywayOnJobs,
        },
      },
    }),
    '/api/v1/jobs/get-object-url': path({
      get: {
        operationId: 'getObjectUrl',
        tags: ['Jobs'],
        summary: 'Get a link to an uploaded file',
        description: 'Whether there is such a job or file is not checked: the link may lead to nothing.',
        parameters: takes('jobId', 'objectUuid', 'downloadAs'),
        responses: {
          '200': answer(
            'A link that works for anyone until it expires',
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
          '400': badRequest(['jobId', 'objectUuid', 'downloadAs'], 'is missing'),
          ...anywayOnJobs,
        },
      },
    }),
    '/api/v1/jobs/delete': path({
      delete: {
        operationId: 'deleteJob',
        tags: ['Jobs'],
        summary: 'Delete a job, with all its files and results',
        description:
          'May be repeated, and has to be after a 500 or 503: a part may be gone then, the job is still listed, and the next call goes on.',
        parameters: takes('jobId'),
        responses: {
          '200': fixed('There is no such job, or no longer', { message: 'Ok' }),
          '400': badRequest(['jobId'], 'is missing'),
          ...anywayOnJobs,
        },
      },
    }),
    '/healthz': path({
      get: {
        operationId: 'getHealth',
        tags: ['Service'],
        summary: 'Whether the process is alive',
        security: [],
        responses: { '200': fixed('It is', { status: 'ok' }), ...anyway },
      },
    }),
    '/readyz': path({
      get: {
        operationId: 'getReadiness',
        tags: ['Service'],
        summary: 'Whether the service can do its work',
        description: 'What was found is kept for 2 seconds at most.',
        security: [],
        responses: {
          '200': fixed('It can', { status: 'ready' }),
          '503': answer(
            'It cannot',
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
          ...anyway,
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
          '200': answer('OpenAPI 3.1', { type: 'object' }),
          ...anyway,
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
        description: 'The caller’s name for the request: 1 to 128 of `A-Z a-z 0-9 . _ -`. Any other is replaced',
        schema: { type: 'string' },
      },
      ...Object.fromEntries(
        Object.entries(parameters).map(([key, parameter]) => [
          key,
          { name: queryParameters[key as QueryParameter].name, in: 'query', ...parameter },
        ]),
      ),
    },
    headers,
    responses,
    schemas,
  },
};
