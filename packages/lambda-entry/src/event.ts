/** A request as serverless-express takes it. Its body is left out: none is ever read. */
interface RequestValues {
  readonly method: string;
  /** Path and query, as they would stand in a request line. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A response as serverless-express gives it. */
export interface ResponseValues {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, number | string | readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** An event that is a request, and the form in which its sender wants the answer. */
export interface HttpEvent {
  readonly request: RequestValues;
  readonly toAnswer: (response: ResponseValues) => object;
}

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
  /** `elb` where a load balancer sent it. */
  readonly requestContext?: { readonly elb?: object };
}

/**
 * Reads an event of API Gateway, payload 2.0 or 1.0, or of an Application Load Balancer. serverless-express could, but it
 * does not strip a stage, loses the query of some 1.0 events and a part of the path of others, and fails where there are
 * no headers or where a load balancer's query is not well-formed.
 *
 * @throws where the event is not a request
 */
export const readHttpEvent = (event: unknown): HttpEvent => {
  if (isVersion2(event)) return readVersion2(event);
  if (isVersion1(event)) return event.requestContext?.elb ? readLoadBalancer(event) : readVersion1(event);
  throw new Error(
    'The event is no HTTP request of API Gateway (payload 2.0 or 1.0) or of an Application Load Balancer',
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
  toAnswer: (response) => ({ ...response, headers: joinValues(response.headers) }),
});

const readVersion1 = (event: Version1Event): HttpEvent => ({
  request: {
    method: event.httpMethod,
    // The gateway has decoded names and values.
    path: requestTarget(event.path, new URLSearchParams(queryOf(event)).toString()),
    headers: joinValues(event.multiValueHeaders ?? event.headers),
  },
  toAnswer: ({ headers, ...response }) => ({ ...response, multiValueHeaders: listValues(headers) }),
});

const readLoadBalancer = (event: Version1Event): HttpEvent => ({
  request: {
    method: event.httpMethod,
    // A load balancer has not decoded anything.
    path: requestTarget(
      event.path,
      queryOf(event)
        .map((pair) => pair.join('='))
        .join('&'),
    ),
    headers: joinValues(event.multiValueHeaders ?? event.headers),
  },
  // It wants headers back in the form in which it sends them, which is a setting of the target group.
  toAnswer: ({ headers, ...response }) => ({
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

/** Several values of a header are one that lists them (RFC 9110, section 5.3); two tokens, so, are none. */
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
 * What precedes one of the app's paths: the stage of a gateway, or the base path of a custom domain. A path that is the
 * app's own as it stands is left alone.
 */
const PREFIX = /^(?!\/api\/v1\/jobs\/)(?:\/[^/]+)+?(?=\/(?:api\/v1\/jobs\/|healthz$|readyz$|openapi\.json$))/;

/** A gateway may have decoded the path, in which nothing must end it too early now. */
const requestTarget = (path: string, query: string): string => {
  const own = path.replace(PREFIX, '').replaceAll(/[?#]/g, encodeURIComponent);
  return query === '' ? own : `${own}?${query}`;
};
