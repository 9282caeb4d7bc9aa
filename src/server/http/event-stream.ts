// Server-sent events: what happened since Last-Event-ID, then what happens, until nothing more can.
import type { FastifyReply } from 'fastify';
import type { JobEventData } from '../contract/jobs.ts';
import { securityHeaders } from './security.ts';

export interface StreamEvent {
  /** What the client sends back as Last-Event-ID. */
  readonly id: string;
  readonly event: string;
  readonly data: JobEventData;
}

export interface StreamLimits {
  /** A comment this often keeps proxies from closing a quiet stream. */
  readonly heartbeatMs: number;
  /** A reader that lets more than this wait is dropped; it may come back with Last-Event-ID. */
  readonly maxWaitingBytes: number;
}

export const streamLimits: StreamLimits = { heartbeatMs: 15_000, maxWaitingBytes: 2 ** 20 };

/** One open stream. */
export interface EventStream {
  send(event: StreamEvent): void;
  /** Ends the stream after what was sent. */
  end(): void;
  /** Called once when the stream is over, whoever ended it. */
  onClose(listener: () => void): void;
}

/** All open streams, so that a stopping server can end them. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #limits: StreamLimits;

  constructor(limits: StreamLimits = streamLimits) {
    this.#limits = limits;
  }

  /** Takes the answer over from the framework. */
  open(reply: FastifyReply): EventStream {
    const stream = openStream(reply, this.#limits);
    this.#open.add(stream);
    stream.onClose(() => this.#open.delete(stream));
    return stream;
  }

  endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}

function openStream(reply: FastifyReply, { heartbeatMs, maxWaitingBytes }: StreamLimits): EventStream {
  const headers = reply.getHeaders();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...securityHeaders,
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const write = (text: string) => {
    if (raw.writableEnded || raw.destroyed) return;
    raw.write(text);
    if (raw.writableLength > maxWaitingBytes) raw.destroy();
  };
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs);
  heartbeat.unref();
  raw.once('close', () => clearInterval(heartbeat));
  return {
    send: ({ id, event, data }) => write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => raw.end(),
    onClose: (listener) => raw.once('close', listener),
  };
}
