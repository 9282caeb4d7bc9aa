// What a route's handler is given, and what it must give: both follow from the route's row.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Frozen, JsonOf, RequestOf } from '../contract/route.ts';
import type { RouteId, Routes } from '../contract/routes.ts';
import type { Actor } from '../platform/audit.ts';
import type { Services } from '../services.ts';
import type { EventStreams } from './event-stream.ts';

/** One request, checked: its values have the types of the row. */
export interface Call<Id extends RouteId> extends RequestOf<Routes[Id]> {
  readonly services: Services;
  readonly actor: Actor;
  readonly streams: EventStreams;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type AnswerOf<Id extends RouteId> = Routes[Id]['answer']['kind'] extends 'json'
  ? Frozen<JsonOf<Routes[Id]>>
  : FastifyReply;

export type Handler<Id extends RouteId> = (call: Call<Id>) => Promise<AnswerOf<Id>>;
export type Handlers<Ids extends RouteId> = { readonly [Id in Ids]: Handler<Id> };
