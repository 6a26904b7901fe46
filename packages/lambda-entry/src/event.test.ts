import { describe, expect, test } from '@jest/globals';
import { readHttpEvent } from './event.ts';

const version2 = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/api/v1/jobs/get',
  rawQueryString: 'job-id=1&x=%zz+a',
  headers: { authorization: 'token', 'x-request-id': 'r1' },
  requestContext: { http: { method: 'GET', path: '/api/v1/jobs/get' }, stage: '$default' },
};
const version1 = {
  httpMethod: 'DELETE',
  path: '/api/v1/jobs/delete',
  headers: { Authorization: 'token' },
  multiValueHeaders: { Authorization: ['token'] },
  queryStringParameters: { 'job-id': '2' },
  multiValueQueryStringParameters: { 'job-id': ['1', '2'], name: ['a b&c=d%'] },
  requestContext: { stage: 'prod', resourcePath: '/{proxy+}' },
};
const loadBalancer = {
  httpMethod: 'GET',
  path: '/api/v1/jobs/list',
  headers: { authorization: 'token' },
  queryStringParameters: { 'job-id': '100%', name: 'a%20b' },
  requestContext: { elb: { targetGroupArn: 'arn' } },
};
const response = {
  statusCode: 200,
  headers: { 'content-type': 'application/json', 'content-length': 2, vary: ['Origin', 'Accept-Encoding'] },
  body: '{}',
  isBase64Encoded: false,
};

describe('readHttpEvent with payload 2.0', () => {
  test('keeps the query unchanged', () => {
    expect(readHttpEvent(version2).request).toEqual({
      method: 'GET',
      path: '/api/v1/jobs/get?job-id=1&x=%zz+a',
      headers: { authorization: 'token', 'x-request-id': 'r1' },
    });
  });

  test.each([undefined, null])('accepts an event whose headers are %s', (headers) => {
    expect(readHttpEvent({ ...version2, headers }).request.headers).toEqual({});
  });

  test('returns headers with single values', () => {
    expect(readHttpEvent(version2).toResult(response)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'content-length': '2', vary: 'Origin, Accept-Encoding' },
      body: '{}',
      isBase64Encoded: false,
    });
  });
});

describe('readHttpEvent with payload 1.0', () => {
  test('encodes all query values again, which the gateway has decoded', () => {
    expect(readHttpEvent(version1).request).toEqual({
      method: 'DELETE',
      path: '/api/v1/jobs/delete?job-id=1&job-id=2&name=a+b%26c%3Dd%25',
      headers: { authorization: 'token' },
    });
  });

  test.each([undefined, null])('reads single values if the multi-value fields are %s', (absent) => {
    const event = { ...version1, multiValueQueryStringParameters: absent, multiValueHeaders: absent };
    expect(readHttpEvent(event).request).toMatchObject({
      path: '/api/v1/jobs/delete?job-id=2',
      headers: { authorization: 'token' },
    });
  });

  test.each([undefined, null])('accepts an event whose headers and query are %s', (absent) => {
    const maps = ['headers', 'multiValueHeaders', 'queryStringParameters', 'multiValueQueryStringParameters'];
    const event = { ...version1, ...Object.fromEntries(maps.map((name) => [name, absent])) };
    expect(readHttpEvent(event).request).toMatchObject({ path: '/api/v1/jobs/delete', headers: {} });
  });

  test('joins the values of a header, whatever the case of its name', () => {
    const event = { ...version1, multiValueHeaders: { Authorization: ['a', 'b'], authorization: ['c'] } };
    expect(readHttpEvent(event).request.headers).toEqual({ authorization: 'a, b, c' });
  });

  test('reads the whole path, not the part that a greedy resource matched', () => {
    const event = { ...version1, resource: '/api/{proxy+}', pathParameters: { proxy: 'v1/jobs/delete' } };
    expect(readHttpEvent(event).request.path).toMatch(/^\/api\/v1\/jobs\/delete\?/);
  });

  test('returns headers with lists of values', () => {
    expect(readHttpEvent(version1).toResult(response)).toEqual({
      statusCode: 200,
      multiValueHeaders: {
        'content-type': ['application/json'],
        'content-length': ['2'],
        vary: ['Origin', 'Accept-Encoding'],
      },
      body: '{}',
      isBase64Encoded: false,
    });
  });
});

describe('readHttpEvent with an event of a load balancer', () => {
  test('keeps the query unchanged', () => {
    expect(readHttpEvent(loadBalancer).request.path).toBe('/api/v1/jobs/list?job-id=100%&name=a%20b');
  });

  test('returns headers in the form of the event: single values or lists', () => {
    expect(readHttpEvent(loadBalancer).toResult(response)).toMatchObject({
      headers: { vary: 'Origin, Accept-Encoding' },
    });
    const { headers, queryStringParameters, ...multi } = loadBalancer;
    const event = {
      ...multi,
      multiValueHeaders: { authorization: [headers.authorization] },
      multiValueQueryStringParameters: { 'job-id': [queryStringParameters['job-id'], '2'] },
    };
    expect(readHttpEvent(event).request).toMatchObject({
      path: '/api/v1/jobs/list?job-id=100%&job-id=2',
      headers: { authorization: 'token' },
    });
    expect(readHttpEvent(event).toResult(response)).toMatchObject({
      multiValueHeaders: { vary: ['Origin', 'Accept-Encoding'] },
    });
  });
});

describe('readHttpEvent', () => {
  const pathOf = (rawPath: string) => readHttpEvent({ ...version2, rawPath, rawQueryString: '' }).request.path;

  test.each(['/prod', '/v2', '/company/files', '/prod/base/path', '/api', '/api/v1'])(
    'removes the prefix %s from a path',
    (prefix) => {
      for (const path of ['/api/v1/jobs/list', '/api/v1/jobs/nope', '/healthz', '/readyz', '/openapi.json'])
        expect(pathOf(prefix + path)).toBe(path);
    },
  );

  test.each([
    '/',
    '/api/v1/jobs',
    '/api/v1/jobs/list',
    '/api/v1/jobs/healthz',
    '/api/v1/jobs/list/api/v1/jobs/get',
    '//api/v1/jobs/list',
    '/prod//api/v1/jobs/list',
    '/prodapi/v1/jobs/list',
    '/prod/healthz/',
    '/nope',
    '/prod/nope',
  ])('keeps the path %s', (path) => {
    expect(pathOf(path)).toBe(path);
  });

  test('encodes ? and # in a decoded path', () => {
    expect(pathOf('/api/v1/jobs/list?x#y')).toBe('/api/v1/jobs/list%3Fx%23y');
  });
});

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a text', 'event'],
  ['an empty event', {}],
  ['a schedule', { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }],
  ['a queue', { Records: [{ eventSource: 'aws:sqs', body: '{}' }] }],
  ['a web socket', { requestContext: { eventType: 'CONNECT', connectionId: 'x' }, isBase64Encoded: false }],
  ['a 2.0 without a method', { version: '2.0', rawPath: '/', requestContext: {} }],
])('readHttpEvent rejects %s with an error that names the expected events', (_, event) => {
  expect(() => readHttpEvent(event)).toThrow(
    'The event is not an HTTP request of API Gateway (payload 2.0 or 1.0) or of an Application Load Balancer',
  );
});
