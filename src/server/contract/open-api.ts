// The OpenAPI document, made from the route table: nothing is described twice.
import { type ErrorCode, errorTable } from './errors.ts';
import { namesIn, pathParameters } from './path-parameters.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

type Json = Readonly<Record<string, unknown>>;

const problemType = 'application/problem+json';
/** What any route may answer, whatever it does. */
const common: readonly ErrorCode[] = [
  'request.malformed',
  'request.wrong_host',
  'auth.missing',
  'auth.forbidden',
  'server.stopping',
];
const ofWrites: readonly ErrorCode[] = ['request.cross_site', 'disk.full', 'disk.io_error'];

/** @param version of the product */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, route] of Object.entries(routes) as [string, Route][]) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(id, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Okapi',
      version,
      description: 'Visual inspection: learn good parts, find bad ones. Errors are application/problem+json.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [...new Set(Object.values(routes).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'okapi_session',
          description:
            'for pages of this server; POST /session gives it. Where the address names a port, that is added: okapi_session_8000',
        },
      },
    },
  };
}

function operation(id: string, route: Route): Json {
  return {
    operationId: id,
    summary: route.summary,
    tags: [route.tag],
    'x-scope': route.scope,
    security: route.scope === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }, { session: [] }],
    parameters: [...pathParametersOf(route), ...queryParametersOf(route), ...headersOf(route)],
    ...requestBody(route),
    responses: { ...success(route), ...problems(errorsOf(route)) },
  };
}

function pathParametersOf({ path }: Route): Json[] {
  return namesIn(path).map((name) => {
    const { pattern, example } = pathParameters[name];
    return { name, in: 'path', required: true, schema: { type: 'string', pattern }, example };
  });
}

function queryParametersOf({ query }: Route): Json[] {
  if (query === undefined || query === 'any') return [];
  const { properties, required = [] } = query as unknown as {
    properties: Record<string, { description?: string }>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
    ...(schema.description === undefined ? {} : { description: schema.description }),
  }));
}

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 200 },
  description: 'The same request with the same key is done once within a day, and answers the same.',
};

function headersOf(route: Route): Json[] {
  return takesKey(route) ? [idempotencyKey] : [];
}

/**
 * Whether a request may carry an Idempotency-Key. Uploads need none: equal files are stored once. Nor does signing in, whose
 * answer is more than its body.
 */
export function takesKey({ method, multipart, scope }: Route): boolean {
  return method === 'POST' && multipart === undefined && scope !== 'public';
}

function requestBody({ multipart, body, bodyOptional, bodyExample }: Route): Json {
  if (multipart !== undefined)
    return { requestBody: { required: true, content: { 'multipart/form-data': multipartBody(multipart) } } };
  if (body === undefined) return {};
  const content = { 'application/json': { schema: body, example: bodyExample } };
  return { requestBody: { required: bodyOptional !== true, content } };
}

function multipartBody(field: 'files' | 'file'): Json {
  const file = { type: 'string', format: 'binary' };
  const schema = field === 'files' ? { type: 'array', items: file, minItems: 1 } : file;
  return { schema: { type: 'object', required: [field], properties: { [field]: schema } } };
}

function success({ answer }: Route): Json {
  switch (answer.kind) {
    case 'json': {
      const content = { 'application/json': { schema: answer.schema, ...examplesOf(answer) } };
      return { 200: { description: 'done', content } };
    }
    case 'file': {
      const entry = { schema: { type: 'string' }, example: answer.example };
      const content = Object.fromEntries(answer.types.map((type) => [type, entry]));
      return { 200: { description: 'the file', content } };
    }
    case 'events': {
      const content = { 'text/event-stream': { schema: answer.schema, example: answer.example } };
      return {
        200: { description: 'a stream of events', content },
        204: { description: 'the job has ended and all its events were sent' },
      };
    }
    case 'redirect':
      return { 302: { description: `leads to another page, such as ${answer.example}` } };
  }
}

function examplesOf({ example, others }: Extract<Route['answer'], { kind: 'json' }>): Json {
  if (others === undefined) return { example };
  const named = Object.entries({ usual: example, ...others }).map(([name, value]) => [name, { value }]);
  return { examples: Object.fromEntries(named) };
}

/** The codes that a route may answer. */
export function errorsOf(route: Route): ErrorCode[] {
  const own: ErrorCode[] = [...common, ...route.errors];
  if (route.method !== 'GET') own.push(...ofWrites);
  if (route.query !== 'any' || route.body !== undefined) own.push('request.invalid');
  if (route.body !== undefined) own.push('request.too_large');
  if (route.body !== undefined || route.multipart !== undefined)
    own.push('request.unsupported_type', 'request.timeout');
  if (takesKey(route)) own.push('request.key_reused', 'request.outcome_unknown');
  if (route.limit !== undefined) own.push('request.too_many');
  return [...new Set(own)];
}

function problems(codes: readonly ErrorCode[]): Json {
  const byStatus = byStatusOf(codes);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, ofStatus]) => [
        status,
        {
          description: ofStatus.map((code) => `${code}: ${errorTable[code].title}`).join('; '),
          content: {
            [problemType]: {
              schema: { $ref: '#/components/schemas/Problem' },
              examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }])),
            },
          },
        },
      ]),
  );
}

function byStatusOf(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorTable[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

function exampleOf(code: ErrorCode): Problem {
  const { status, title } = errorTable[code];
  return {
    type: problemTypeOf(code),
    title,
    status,
    code,
    detail: title,
    requestId: '7d8e0a2f4c6b81935e7f90a1b2c3d4e5',
  };
}

/** Where a code is documented; an identifier, not fetched by anybody. */
export function problemTypeOf(code: ErrorCode): string {
  return `urn:okapi:error:${code}`;
}
