import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openapi } from '../routes/openapi-document.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';

interface SchemaObject {
  readonly type?: string;
}

interface ParameterObject {
  readonly name: string;
  readonly required?: boolean;
  readonly schema: SchemaObject;
  readonly example?: string | number;
}

interface ResponseObject {
  readonly headers: Readonly<Record<string, { readonly required?: boolean; readonly schema: SchemaObject }>>;
  readonly content?: { readonly 'application/json': { readonly schema: SchemaObject; readonly example?: unknown } };
}

interface OperationObject {
  readonly parameters?: readonly ParameterObject[];
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly responses: Readonly<
      Record<'HeadersTooLarge' | 'Unavailable' | 'NotFound' | 'MethodNotAllowed' | 'Preflight', ResponseObject>
    >;
  };
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

const at = (pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], openapi);

/** Returns a part of the document without references, and with closed objects: tests must notice undocumented fields. */
const resolve = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(resolve);
  if (typeof node !== 'object' || node === null) return node;
  if ('$ref' in node) return resolve(at(node.$ref as string));
  const resolved = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
  return 'properties' in resolved && resolved.type === 'object'
    ? { ...resolved, additionalProperties: false }
    : resolved;
};

const { paths, components } = resolve(openapi) as Document;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const validators = new Map<object, ValidateFunction>();

/** Returns the differences between a value and its schema. */
const problemsOf = (schema: SchemaObject, value: unknown): string[] => {
  const validate = validators.get(schema) ?? ajv.compile(schema as AnySchema);
  validators.set(schema, validate);
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message}: ${JSON.stringify(error.params)}`,
  );
};

/** Converts the text of a parameter or a header to a number if its schema says so and the text is a JSON number. */
const valueOf = ({ type }: SchemaObject, text: string): unknown =>
  type === 'integer' && String(Number(text)) === text ? Number(text) : text;

/** General headers, which the document leaves out: HTTP, CORS, and those of helmet. */
const GENERAL_HEADERS = new RegExp(
  [
    '^(date|connection|keep-alive|transfer-encoding|content-(type|length|encoding)|vary|access-control-.+',
    'content-security-policy|cross-origin-.+|origin-agent-cluster|referrer-policy|strict-transport-security',
    'x-dns-prefetch-control|x-download-options|x-frame-options|x-permitted-cross-domain-policies|x-xss-protection)$',
  ].join('|'),
);

const headerProblems = ({ headers }: ResponseObject, response: HttpResponse): string[] => {
  const documented = Object.entries(headers).map(([name, header]) => [name.toLowerCase(), header] as const);
  const wrong = documented.flatMap(([name, { required, schema }]) => {
    const value = response.headers[name];
    if (value === undefined) return required ? [`${name} is missing`] : [];
    return problemsOf(schema, valueOf(schema, value)).map((problem) => `${name}${problem}`);
  });
  const names = new Set(documented.map(([name]) => name));
  const unknown = Object.keys(response.headers).filter((name) => !names.has(name) && !GENERAL_HEADERS.test(name));
  return [...wrong, ...unknown.map((name) => `${name} is not documented`)];
};

const bodyProblems = ({ content }: ResponseObject, isHead: boolean, { headers, body }: HttpResponse): string[] => {
  if (!content) return body === '' ? [] : ['there is a body'];
  const type = headers['content-type'];
  const wrongType = type === 'application/json; charset=utf-8' ? [] : [`the content type is ${type}`];
  if (isHead) return body === '' ? wrongType : ['there is a body'];
  return [...wrongType, ...problemsOf(content['application/json'].schema, JSON.parse(body))];
};

/** An operation and one of its statuses, such as `GET /api/v1/jobs/list 200`. */
export type DocumentedRow = string;

const operations = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation ? [{ method: method.toUpperCase(), path, operation }] : [];
  }),
);

/** Returns every row of the OpenAPI document. */
export const documentedRows = (): DocumentedRow[] =>
  operations.flatMap(({ method, path, operation }) =>
    Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`),
  );

/** Returns the example body of a row. */
export const exampleOf = (row: DocumentedRow): unknown => {
  const [method = '', path = '', status = ''] = row.split(' ');
  return paths[path]?.[method.toLowerCase()]?.responses[status]?.content?.['application/json'].example;
};

/** Returns every operation of the OpenAPI document. `takes` says whether a text is a valid value of a parameter. */
export const documentedOperations = () =>
  operations.map(({ method, path, operation: { parameters = [] } }) => ({
    method,
    path,
    parameters: parameters.map(({ name, required = false, schema, example }) => ({
      name,
      required,
      example: example === undefined ? undefined : String(example),
      takes: (text: string): boolean => problemsOf(schema, valueOf(schema, text)).length === 0,
    })),
  }));

const allowedOn = (path: string): string =>
  operations
    .filter((operation) => operation.path === path)
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');

/**
 * Returns the row that a response belongs to; `undefined` if the request is not for an operation.
 *
 * @throws if the status, the headers or the body of the response are not as documented
 */
export const expectDocumented = (
  { method = 'GET', path: target }: HttpRequest,
  response: HttpResponse,
): DocumentedRow | undefined => {
  const [path = ''] = target.split('?');
  const isHead = method === 'HEAD';
  const documentedMethod = isHead ? 'GET' : method;
  const operation = operations.find((one) => one.path === path && one.method === documentedMethod)?.operation;
  const { HeadersTooLarge, Unavailable, NotFound, MethodNotAllowed, Preflight } = components.responses;
  const elsewhere = { 431: HeadersTooLarge, 503: Unavailable, ...(method === 'OPTIONS' && { 204: Preflight }) };
  const responses: Readonly<Record<string, ResponseObject>> = operation?.responses ?? {
    ...elsewhere,
    ...(path in paths ? { 405: MethodNotAllowed } : { 404: NotFound }),
  };

  const documented = responses[response.status];
  const problems = documented
    ? [...headerProblems(documented, response), ...bodyProblems(documented, isHead, response)]
    : ['the status is not documented'];
  if (response.status === 405 && response.headers.allow !== allowedOn(path)) problems.push('Allow is wrong');
  if (problems.length > 0) {
    const shown = `${method} ${target}: ${response.status} ${response.body.slice(0, 500)}`;
    throw new Error(`The OpenAPI document does not describe this response.\n${shown}\n${problems.join('\n')}`);
  }
  return operation && `${documentedMethod} ${path} ${response.status}`;
};
