/** A request in the form that serverless-express expects. It has no body, because bodies are never read. */
interface RequestValues {
  readonly method: string;
  /** Path and query, as in a request line. */
  readonly path: string;
  /** Values by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A response in the form that serverless-express returns. */
export interface ResponseValues {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, number | string | readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** A request that arrived as an event, and the conversion of its response. */
export interface HttpEvent {
  readonly request: RequestValues;
  /** Maximum size of the result as JSON, in bytes. */
  readonly maxResultBytes: number;
  readonly toResult: (response: ResponseValues) => object;
}

/** Limit of Lambda (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const MAX_BYTES = 6 * 1024 * 1024;
/** Limit of load balancers (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html). */
const MAX_LOAD_BALANCER_BYTES = 1_000_000;

type Value = string | number | readonly string[] | null | undefined;
type Values = Readonly<Record<string, Value>> | null | undefined;

interface Version2Event {
  readonly version: '2.0';
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Values;
  readonly requestContext: { readonly http: { readonly method: string } };
}

interface Version1Event {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Values;
  readonly multiValueHeaders?: Values;
  readonly queryStringParameters?: Values;
  readonly multiValueQueryStringParameters?: Values;
  /** Contains `elb` if a load balancer sent the event. */
  readonly requestContext?: { readonly elb?: object };
}

/**
 * Reads an event of API Gateway (payload 2.0 or 1.0) or of an Application Load Balancer. The parser of serverless-express is
 * not used: it keeps the stage in the path, loses the query of some 1.0 events and a part of the path of others, and fails
 * if there are no headers or if a load balancer's query is malformed.
 *
 * @throws if the event is not an HTTP request
 */
export const readHttpEvent = (event: unknown): HttpEvent => {
  if (isVersion2(event)) return readVersion2(event);
  if (isVersion1(event)) return event.requestContext?.elb ? readLoadBalancer(event) : readVersion1(event);
  throw new Error(
    'The event is not an HTTP request of API Gateway (payload 2.0 or 1.0) or of an Application Load Balancer',
  );
};

const isVersion2 = (event: unknown): event is Version2Event => {
  const { version, rawPath, requestContext } = (event ?? {}) as Partial<Version2Event>;
  const http = requestContext?.http as Partial<Version2Event['requestContext']['http']> | undefined;
  return version === '2.0' && typeof rawPath === 'string' && typeof http?.method === 'string';
};

const isVersion1 = (event: unknown): event is Version1Event => {
  const { httpMethod, path } = (event ?? {}) as Partial<Version1Event>;
  return typeof httpMethod === 'string' && typeof path === 'string';
};

const readVersion2 = ({ rawPath, rawQueryString = '', headers, requestContext }: Version2Event): HttpEvent => ({
  request: {
    method: requestContext.http.method,
    path: requestTarget(rawPath, rawQueryString),
    headers: joinValues(headers),
  },
  maxResultBytes: MAX_BYTES,
  toResult: (response) => ({ ...response, headers: joinValues(response.headers) }),
});

const readVersion1 = (event: Version1Event): HttpEvent => ({
  request: {
    method: event.httpMethod,
    // The gateway has decoded the names and values.
    path: requestTarget(event.path, new URLSearchParams(queryOf(event)).toString()),
    headers: joinValues(event.multiValueHeaders ?? event.headers),
  },
  maxResultBytes: MAX_BYTES,
  toResult: ({ headers, ...response }) => ({ ...response, multiValueHeaders: listValues(headers) }),
});

const readLoadBalancer = (event: Version1Event): HttpEvent => ({
  request: {
    method: event.httpMethod,
    // A load balancer does not decode anything.
    path: requestTarget(
      event.path,
      queryOf(event)
        .map((pair) => pair.join('='))
        .join('&'),
    ),
    headers: joinValues(event.multiValueHeaders ?? event.headers),
  },
  maxResultBytes: MAX_LOAD_BALANCER_BYTES,
  // The target group's setting for multi-value headers applies to events and results alike.
  toResult: ({ headers, ...response }) => ({
    ...response,
    ...(event.multiValueHeaders ? { multiValueHeaders: listValues(headers) } : { headers: joinValues(headers) }),
  }),
});

const valuesOf = (value: Value): readonly string[] => {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
};

const queryOf = (event: Version1Event): [string, string][] => {
  const query = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {};
  return Object.entries(query).flatMap(([name, value]) => valuesOf(value).map((one): [string, string] => [name, one]));
};

/** Joins the values of a header (RFC 9110, section 5.3). Two tokens thus become an invalid one. */
const joinValues = (values: Values): Record<string, string> => {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    const key = name.toLowerCase();
    for (const one of valuesOf(value)) joined[key] = joined[key] === undefined ? one : `${joined[key]}, ${one}`;
  }
  return joined;
};

const listValues = (headers: ResponseValues['headers']): Record<string, readonly string[]> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, valuesOf(value)]));

/**
 * Matches a prefix of the app's paths: the stage of a gateway, or the base path of a custom domain. Paths of the app itself
 * do not match.
 */
const PREFIX = /^(?!\/api\/v1\/jobs\/)(?:\/[^/]+)+?(?=\/(?:api\/v1\/jobs\/|healthz$|readyz$|openapi\.json$))/;

/** Returns path and query. A decoded path may contain `?` and `#`, which must not end it. */
const requestTarget = (path: string, query: string): string => {
  const own = path.replace(PREFIX, '').replaceAll(/[?#]/g, encodeURIComponent);
  return query === '' ? own : `${own}?${query}`;
};
