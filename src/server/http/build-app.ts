// The HTTP side of the server: every row of the route table becomes a route, behind the same checks in the same order.
import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { ServerError } from '../contract/errors.ts';
import { takesKey } from '../contract/open-api.ts';
import { hasShape, type PathParameterName, pathParameters } from '../contract/path-parameters.ts';
import type { Route } from '../contract/route.ts';
import { type RouteId, routes } from '../contract/routes.ts';
import type { Actor } from '../platform/audit.ts';
import type { Services } from '../services.ts';
import { type Access, checkAccess } from './access.ts';
import { allowedMethods } from './allowed-methods.ts';
import { knownError, pathHider, problemAnswer } from './errors.ts';
import { EventStreams, type StreamLimits } from './event-stream.ts';
import type { Call, Handler } from './handler.ts';
import { handlers } from './handlers.ts';
import { jsonLimits, parseJsonBody } from './json-body.ts';
import { checkAnnouncedLength } from './multipart.ts';
import { Once } from './once.ts';
import { RateLimit } from './rate-limits.ts';
import { answerClientError, answerRaw } from './raw-answer.ts';
import { uploadLimits } from './receive.ts';
import { checkHost, checkOrigin, corsHeaders, preflightHeaders, securityHeaders } from './security.ts';
import { abandonBody } from './unread-body.ts';
import { type Finding, invalidRequest, readQuery } from './validation.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The row of the route table. */
    id?: RouteId;
  }
  interface FastifyRequest {
    /** Who asks. */
    actor: Actor;
    access: Access;
    /** By the monotonic clock. */
    startedMs: number;
  }
}

/** Times and sizes of connections; the defaults of the framework would wait for ever. */
export interface ConnectionLimits {
  readonly headersMs: number;
  /** For a whole request with its body, however large. */
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** How long nothing of a body may come. */
  readonly idleBodyMs: number;
  /** How long a reader may take nothing of an answer. */
  readonly slowReaderMs: number;
  readonly maxHeaderBytes: number;
  readonly maxUrlBytes: number;
  readonly maxRequestsPerSocket: number;
}

export const connectionLimits: ConnectionLimits = {
  headersMs: 15_000,
  requestMs: 30 * 60_000,
  keepAliveMs: 10_000,
  idleBodyMs: 30_000,
  slowReaderMs: 60_000,
  maxHeaderBytes: 16 * 2 ** 10,
  maxUrlBytes: 8 * 2 ** 10,
  maxRequestsPerSocket: 1000,
};

export interface AppOptions {
  readonly connections?: Partial<ConnectionLimits>;
  readonly streams?: StreamLimits;
  /** Told of every route that comes into being. */
  readonly onRoute?: (method: string, url: string) => void;
}

/** Ready to listen, or to be asked by `inject`. Closing it ends the open event streams first. */
export async function buildApp(services: Services, options: AppOptions = {}): Promise<FastifyInstance> {
  const { context } = services;
  const limits = { ...connectionLimits, ...options.connections };
  const app = Fastify({
    loggerInstance: context.log as never,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => context.ids.random(),
    // The nearest proxy is believed, and none before it.
    trustProxy: context.config.server.trust_proxy ? (_, hop) => hop === 0 : false,
    bodyLimit: jsonLimits.maxBytes,
    routerOptions: { maxParamLength: 200 },
    requestTimeout: limits.requestMs,
    connectionTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    maxRequestsPerSocket: limits.maxRequestsPerSocket,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      maxHeaderSize: limits.maxHeaderBytes,
      // Requests without a Host are refused by ours, with our headers.
      requireHostHeader: false,
    },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: true },
    },
    clientErrorHandler: (error, socket) => answerClientError(error as Error, socket, context.ids.random()),
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...securityHeaders, 'x-request-id': request.id });
      void answerProblem(services, request as FastifyRequest, reply as FastifyReply, error);
    },
  }) as unknown as FastifyInstance;
  app.addHook('onRoute', ({ method, url }) => options.onRoute?.(String(method), url));
  answerOddities(app, () => context.ids.random());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => (body.length === 0 ? undefined : parseJsonBody(body)),
  );
  await app.register(multipart);
  app.decorateRequest('actor', null as never);
  app.decorateRequest('access', null as never);
  app.decorateRequest('startedMs', 0);
  addChecks(app, services, limits);
  app.setErrorHandler((error, request, reply) => answerProblem(services, request, reply, error));
  app.setNotFoundHandler((request, reply) => answerUnknown(services, request, reply));
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  const streams = new EventStreams(options.streams);
  app.addHook('preClose', async () => streams.endAll());
  const once = new Once(context);
  for (const id of Object.keys(routes) as RouteId[]) addRoute(app, services, streams, once, id);
  await app.ready();
  return app;
}

/** What Node would otherwise answer itself, without our headers, or not at all. */
function answerOddities({ server }: FastifyInstance, newId: () => string): void {
  const asRequest = (request: unknown, response: unknown) => server.emit('request', request, response);
  // `Expect: 100-continue` is granted once the headers were found good; any other expectation is ignored.
  server.on('checkContinue', asRequest);
  server.on('checkExpectation', asRequest);
  server.on('connect', (_, socket) =>
    answerRaw(socket, new ServerError('request.method_not_allowed', 'this is no proxy'), newId()),
  );
}

function addRoute(
  app: FastifyInstance,
  services: Services,
  streams: EventStreams,
  once: Once,
  id: RouteId,
): void {
  const row: Route = routes[id];
  const { method, path, body, query } = row;
  const handler = handlers[id] as unknown as Handler<'getProject'>;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { id },
    schema: {
      ...(body === undefined ? {} : { body }),
      ...(query === undefined || query === 'any' ? {} : { querystring: query }),
    },
    attachValidation: true,
    handler: async (request, reply) => {
      checkFindings(request);
      const { params, query, body, actor } = request;
      const call = { services, streams, request, reply, params, query, body, actor };
      const work = () => handler(call as unknown as Call<'getProject'>);
      const key = request.headers['idempotency-key'];
      if (key === undefined || !takesKey(row)) return work();
      if (typeof key !== 'string' || key.length > 200)
        throw new ServerError('request.malformed', 'expected an Idempotency-Key of at most 200 characters');
      return once.run(`${actor.name} ${key}`, [id, params, query, body ?? null], work);
    },
  });
}

function checkFindings(request: FastifyRequest): void {
  const error = request.validationError;
  if (error === undefined) return;
  const part = error.validationContext === 'body' ? 'body' : 'query';
  const route: Route = routes[request.routeOptions.config.id!];
  const [value, schema] = part === 'body' ? [request.body, route.body] : [request.query, route.query];
  throw invalidRequest(error.validation as Finding[], part, value, schema);
}

/** In this order: where from, who, what, how often, how much; nothing of a body is read before. */
function addChecks(app: FastifyInstance, services: Services, limits: ConnectionLimits): void {
  const { context, readiness, metrics } = services;
  const { config, clock } = context;
  const rates = {
    upload: new RateLimit(clock, config.rate_limits.uploads_per_minute, 'uploads'),
    delete: new RateLimit(clock, config.rate_limits.deletes_per_minute, 'deletions'),
    failed_download: new RateLimit(clock, config.rate_limits.failed_downloads_per_minute, 'failed downloads'),
  };

  app.addHook('onRequest', async (request, reply) => {
    request.startedMs = clock.nowMs();
    request.actor = { name: 'anonymous', address: request.ip, requestId: request.id };
    const { headers, method } = request;
    reply.headers({ ...securityHeaders, ...corsHeaders(config.server, headers), 'x-request-id': request.id });
    checkHost(config.server, headers);
    if ((request.raw.url?.length ?? 0) > limits.maxUrlBytes)
      throw new ServerError(
        'request.url_too_long',
        `expected an address of at most ${limits.maxUrlBytes} bytes`,
      );
    checkOrigin(config.server, method, headers);
    const id = request.routeOptions.config.id;
    if (id === undefined) return;
    const route: Route = routes[id];
    if (readiness.state === 'stopping' && route.scope !== 'public') {
      reply.header('connection', 'close');
      throw new ServerError('server.stopping', 'the server is stopping', { retryAfterSeconds: 10 });
    }
    request.access = await checkAccess(services, route.scope, method, headers);
    request.actor = { ...request.actor, name: request.access.name };
    checkShapes(request.params as Record<string, string>);
    if (route.limit !== undefined) {
      rates[route.limit].check(request.ip);
      if (route.limit !== 'failed_download') rates[route.limit].count(request.ip);
    }
    checkBodyHeaders(config, route, headers);
  });

  app.addHook('preParsing', async (request, reply, payload) => {
    if (/^100-continue$/i.test(request.headers.expect ?? '')) reply.raw.writeContinue?.();
    const { raw } = request;
    if (raw.complete === false) {
      raw.setTimeout(limits.idleBodyMs, () => giveUp(raw, limits.idleBodyMs));
      raw.once('end', () => raw.setTimeout(0));
    }
    return payload;
  });

  app.addHook('preValidation', async (request) => {
    const id = request.routeOptions.config.id;
    if (id === undefined) return;
    const { query, body, bodyOptional }: Route = routes[id];
    if (query === undefined) refuseQuery(request.query as object);
    else if (query !== 'any') request.query = readQuery(request.query as Record<string, unknown>, query);
    if (body === undefined) refuseBody(request.body);
    else if (bodyOptional && request.body == null) request.body = {};
  });

  app.addHook('onSend', async (_, reply) => {
    if (readiness.state === 'stopping') reply.header('connection', 'close');
    reply.raw.setTimeout?.(limits.slowReaderMs, () => reply.raw.destroy());
  });

  app.addHook('onResponse', async (request, reply) => {
    const id = request.routeOptions.config.id;
    const { limit }: Partial<Route> = id === undefined ? {} : routes[id];
    if (limit === 'failed_download' && reply.statusCode === 404) rates.failed_download.count(request.ip);
    const seconds = (clock.nowMs() - request.startedMs) / 1000;
    const route = id === undefined ? null : routes[id].path;
    metrics.countRequest({ route, method: request.method, status: reply.statusCode, seconds });
    request.log.info(
      { method: request.method, route, status: reply.statusCode, seconds, by: request.actor?.name },
      'answered',
    );
  });
}

/** Of a body that stopped coming: whoever reads it gets this error, and answers with it. */
function giveUp(request: IncomingMessage, idleMs: number): void {
  const error = new ServerError('request.timeout', `nothing of the body came for ${idleMs / 1000} s`);
  // Not within the event of the time-out: it would go on to the answer, and end it.
  setImmediate(() => request.emit('error', error));
}

/** Throws the 404 of the first part that cannot name anything. */
function checkShapes(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    const { missing, what } = pathParameters[name as PathParameterName];
    if (!hasShape(name as PathParameterName, value))
      throw new ServerError(missing, `there is no ${what} ${JSON.stringify(value.slice(0, 100))}`);
  }
}

/** By the headers alone: an unwanted body is refused before it comes. */
function checkBodyHeaders(
  config: Services['context']['config'],
  { method, multipart, archive, body }: Route,
  headers: FastifyRequest['headers'],
): void {
  const length = headers['content-length'];
  const hasBody = headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  if (method === 'GET' || (!hasBody && multipart === undefined)) return;
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw new ServerError('request.unsupported_type', 'expected a body without Content-Encoding');
  const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  const wanted = multipart === undefined ? 'application/json' : 'multipart/form-data';
  const found = type === '' ? 'none' : JSON.stringify(type.slice(0, 80));
  if (type !== wanted)
    throw new ServerError('request.unsupported_type', `expected the Content-Type ${wanted}, got ${found}`);
  if (multipart !== undefined)
    checkAnnouncedLength(
      length,
      uploadLimits(config, { multipart, ...(archive && { archive }) }, 'image.too_large'),
    );
  else if (Number(length ?? 0) > jsonLimits.maxBytes)
    throw new ServerError(
      'request.too_large',
      `expected at most ${jsonLimits.maxBytes} bytes of JSON${body === undefined ? ', better none' : ''}`,
    );
}

function refuseQuery(query: object): void {
  const [name] = Object.keys(query);
  if (name !== undefined)
    throw invalidRequest(
      [{ keyword: 'additionalProperties', instancePath: '', params: { additionalProperty: name } }],
      'query',
      query,
      {},
    );
}

/** Of a route without a body: nothing, or an empty object. */
function refuseBody(body: unknown): void {
  if (body === undefined || body === null) return;
  const keys = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : ['0'];
  if (keys.length > 0)
    throw invalidRequest(
      [{ keyword: 'additionalProperties', instancePath: '', params: { additionalProperty: keys[0] } }],
      'body',
      body,
      {},
    );
}

async function answerUnknown(
  { context: { config } }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const allowed = allowedMethods(request.raw.url ?? '');
  if (allowed.length === 0) throw new ServerError('request.not_found', 'there is no such address');
  reply.header('allow', allowed.join(', '));
  if (request.method !== 'OPTIONS')
    throw new ServerError('request.method_not_allowed', `expected one of ${allowed.join(', ')}`);
  if (Object.hasOwn(corsHeaders(config.server, request.headers), 'access-control-allow-origin'))
    reply.headers({ ...preflightHeaders, 'access-control-allow-methods': allowed.join(', ') });
  return reply.code(204).send();
}

async function answerProblem(
  { context: { log, config } }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): Promise<FastifyReply> {
  if (knownError(error) === null)
    log.error({ err: error, requestId: request.id }, 'an error of the server itself');
  const { status, headers, problem } = problemAnswer(error, request.id, pathHider(config));
  abandonBody(request.raw);
  // What was meant for the answer that did not come about.
  for (const name of ['content-disposition', 'content-length', 'etag', 'accept-ranges'])
    reply.removeHeader(name);
  reply.headers({ 'cache-control': 'no-store', ...headers });
  return reply.code(status).send(JSON.stringify(problem));
}
