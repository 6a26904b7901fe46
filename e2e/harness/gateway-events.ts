import type { HttpRequest, HttpResponse } from '@jobs-api/http-express/testing/contracts';

/** Returns the event that one kind of gateway makes of a request. */
export type ToEvent = (request: HttpRequest) => object;

/**
 * Returns the event of an HTTP API of API Gateway, payload 2.0. Names of headers are in lower case, the values of a
 * header are joined by commas, and the query is as it was sent.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const version2Event: ToEvent = ({ method = 'GET', path, headers = [], body }) => {
  const [rawPath, rawQueryString] = splitTarget(path);
  const joined = mapOf(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(headers.length > 0 && { headers: mapValues(joined, (values) => values.join(',')) }),
    requestContext: { http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' }, stage: '$default' },
    ...(body !== undefined && { body, isBase64Encoded: false }),
  };
};

/**
 * Returns the event of a REST API of API Gateway, payload 1.0. Headers and parameters are there twice, with their last
 * value and with all values. The query is decoded.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export const version1Event: ToEvent = ({ method = 'GET', path, headers = [], body }) => {
  const [decodedPath, query] = splitTarget(path);
  const parameters = mapOf([...new URLSearchParams(query)]);
  const given = mapOf(headers);
  return {
    resource: '/{proxy+}',
    path: decodedPath,
    httpMethod: method,
    ...bothForms('headers', 'multiValueHeaders', given),
    ...bothForms('queryStringParameters', 'multiValueQueryStringParameters', parameters),
    pathParameters: { proxy: decodedPath.slice(1) },
    requestContext: { resourcePath: '/{proxy+}', httpMethod: method, stage: 'prod', path: `/prod${decodedPath}` },
    body: body ?? null,
    isBase64Encoded: false,
  };
};

/**
 * Returns the event of an Application Load Balancer whose target group has multi-value headers turned on. Headers and
 * parameters are lists of values. Nothing is decoded.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export const loadBalancerEvent: ToEvent = ({ method = 'GET', path, headers = [], body = '' }) => {
  const [rawPath, query] = splitTarget(path);
  const pairs = query === '' ? [] : query.split('&').map(splitPair);
  return {
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/jobs/1' },
    },
    httpMethod: method,
    path: rawPath,
    multiValueHeaders: mapOf(headers.map(([name, value]) => [name.toLowerCase(), value])),
    multiValueQueryStringParameters: mapOf(pairs),
    body,
    isBase64Encoded: false,
  };
};

/** The gateways whose authorizers pass on claims. */
export const API_GATEWAYS: readonly [name: string, toEvent: ToEvent][] = [
  ['payload 2.0', version2Event],
  ['payload 1.0', version1Event],
];

export const GATEWAYS: typeof API_GATEWAYS = [...API_GATEWAYS, ['a load balancer', loadBalancerEvent]];

interface GatewayResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Returns the response that a client receives for the result of a function. The body is not decoded. */
export const toClient = (result: unknown): Omit<HttpResponse, 'body'> & { readonly body: Buffer } => {
  const { statusCode, headers, multiValueHeaders = {}, body, isBase64Encoded } = result as GatewayResult;
  return {
    status: statusCode,
    headers: { ...mapValues(multiValueHeaders, (values) => values.join(', ')), ...headers },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
};

const splitTarget = (target: string): [path: string, query: string] => {
  const mark = target.indexOf('?');
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
};

const splitPair = (pair: string): [name: string, value: string] => {
  const mark = pair.indexOf('=');
  return mark === -1 ? [pair, ''] : [pair.slice(0, mark), pair.slice(mark + 1)];
};

const mapOf = (pairs: readonly (readonly [string, string])[]): Record<string, string[]> => {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
};

const mapValues = <Value, Result>(map: Readonly<Record<string, Value>>, change: (value: Value) => Result) =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));

/** Returns the last value of each name, and all values: both `null` if there are none, as in the gateway's events. */
const bothForms = (single: string, multiple: string, map: Readonly<Record<string, string[]>>) =>
  Object.keys(map).length === 0
    ? { [single]: null, [multiple]: null }
    : { [single]: mapValues(map, (values) => values.at(-1)), [multiple]: map };
