import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { overSocket, type HttpResponse } from '@jobs-api/http-express/testing/contracts';
import type { LocalStack } from '@jobs-api/local';
import fc from 'fast-check';
import { HANDLER, SERVICE } from '../harness/built.ts';
import { sendThrough } from '../harness/entry-points.ts';
import { GATEWAYS } from '../harness/gateway-events.ts';
import { startLambda, type LambdaProcess } from '../harness/lambda-process.ts';
import { startService, type ServiceProcess } from '../harness/service-process.ts';
import { startStack } from '../harness/stack.ts';

/** Both entry points use the same table, bucket and issuer. */
describe('the bundled handler and the built service', () => {
  let stack: LocalStack;
  let lambda: LambdaProcess;
  let service: ServiceProcess;

  beforeAll(async () => {
    stack = await startStack();
    [lambda, service] = await Promise.all([startLambda(HANDLER, stack.env), startService(SERVICE, stack.env)]);
    for (const userId of ['alice', 'bob']) {
      await stack.table.put({ userId, jobId: 1, status: 'success', objectUuidNames: { 'uuid.png': 'Ü.png', b: 'b' } });
      await stack.table.put({ userId, jobId: 2, status: 'processing...45%', jobName: 'x'.repeat(2_000) });
      await stack.table.putUnreadable(userId, 3);
    }
  });

  afterAll(async () => {
    await lambda.close();
    service.kill('SIGKILL');
    await service.exitCode;
    await stack.close();
  });

  /** Blanks what differs between two responses to the same request: the time of signing, and a generated request id. */
  const blank = (response: HttpResponse): HttpResponse => {
    const names = [
      'content-type',
      'cache-control',
      'x-content-type-options',
      'www-authenticate',
      'allow',
      'retry-after',
    ];
    const compared = [...names, 'x-request-id', 'content-encoding', 'vary', 'access-control-allow-origin'];
    return {
      status: response.status,
      headers: Object.fromEntries(
        compared.map((name) => [
          name,
          name === 'x-request-id' ? blankNewId(response.headers[name]) : response.headers[name],
        ]),
      ),
      body: response.body
        .replaceAll(/X-Amz-(Date|Signature)=[0-9a-zA-Z]+/g, 'X-Amz-$1=')
        .replaceAll(/"(expires_at|results_expire_at)":"[^"]+"/g, '"$1":""'),
    };
  };
  const blankNewId = (id = '') => (/^[0-9a-f]{8}-/.test(id) ? 'new' : id);

  test.each(GATEWAYS)('return the same responses to all requests, through %s', async (_, toEvent) => {
    const tokens = {
      alice: await stack.tokenIssuer.issueToken('alice'),
      bob: await stack.tokenIssuer.issueToken('bob'),
      expired: await stack.tokenIssuer.issueToken('alice', { exp: 1 }),
      invalidId: await stack.tokenIssuer.issueToken('..'),
    };
    const values = [
      '1',
      '2',
      '3',
      '4',
      '0',
      '01',
      'x',
      '',
      '%31',
      '+1',
      '%zz',
      '1e3',
      '9007199254740993',
      'uuid.png',
      '..',
      'a%2Fb',
    ];
    const names = ['job-id', 'object-uuid', 'job-id[]', 'Job-Id', 'x', 'job%2Did'];
    const more = ['limit', 'order', 'status', 'include', 'cursor', 'download-as'];
    const moreValues = ['asc', 'desc', 'success', 'object-urls', 'MS5hc2MuLjE', 'a%20b.png'];
    const query = fc
      .array(fc.tuple(fc.constantFrom(...names, ...more), fc.constantFrom(...values, ...moreValues)), { maxLength: 4 })
      .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));
    const route = fc.constantFrom('list', 'get', 'get-object-url', 'delete', 'List', 'list/', 'nope', '');
    const header = fc.oneof(
      fc
        .tuple(fc.constantFrom('', 'Bearer ', 'bearer  ', 'Basic '), fc.constantFrom(...Object.values(tokens), 'x', ''))
        .map(([scheme, token]) => ['Authorization', scheme + token] as const),
      fc.constantFrom('id-1', 'a b', 'x'.repeat(129)).map((id) => ['X-Request-Id', id] as const),
      fc.constantFrom('br', 'gzip', 'gzip;q=0', '*').map((encoding) => ['Accept-Encoding', encoding] as const),
      fc.constantFrom('https://app.example.com').map((origin) => ['Origin', origin] as const),
      fc.constantFrom('{}').map((value) => ['x-apigateway-event', value] as const),
    );
    const request = fc.record({
      method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT'),
      path: fc
        .tuple(fc.constantFrom('/api/v1/jobs/', '/api/v1/jobs/', '/api/v1/', '/'), route, query)
        .map((parts) => parts.join('')),
      headers: fc
        .tuple(fc.constantFrom(tokens.alice, tokens.bob), fc.array(header, { maxLength: 3 }), fc.boolean())
        .map(([token, headers, signedIn]) => [...(signedIn ? [['Authorization', token] as const] : []), ...headers]),
    });
    const askService = overSocket(service.origin);
    const askLambda = sendThrough(lambda, toEvent);
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const [fromService, fromLambda] = await Promise.all([askService(asked), askLambda(asked)]);
        expect(blank(fromLambda)).toEqual(blank(fromService));
      }),
      { numRuns: 300 },
    );
  });
});
