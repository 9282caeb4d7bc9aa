// The pages: one document for all of their addresses, and the files it asks for, as the build left them in dist/ui.
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServerError } from '../contract/errors.ts';
import type { Handlers } from './handler.ts';
import { uiPolicy } from './security.ts';

/** Beside dist/server when built, else where the build puts it. */
const folder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dist/ui/' : '../../ui/', import.meta.url),
);

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

export const uiHandlers: Handlers<'ui' | 'uiFile' | 'uiPage' | 'uiPageOf' | 'uiPartOf'> = {
  ui: async ({ reply }) => reply.redirect('/ui/projects', 302),

  async uiFile({ params: { file }, request, reply }) {
    // Names carry a hash of what is in the file, so that it may be kept; theme.js is asked for again.
    const isHashed = /-[A-Za-z0-9_-]{8}\.\w+$/.test(file);
    reply.header('cache-control', isHashed ? 'private, max-age=31536000, immutable' : 'private, no-cache');
    return answer(request, reply, join('assets', file));
  },

  uiPage: page,
  uiPageOf: page,
  uiPartOf: page,
};

/** Whether the pages were built. */
export async function hasUi(): Promise<boolean> {
  return (await stat(join(folder, 'index.html')).catch(() => null)) !== null;
}

async function page({
  request,
  reply,
}: {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}): Promise<FastifyReply> {
  reply.header('content-security-policy', uiPolicy).header('cache-control', 'private, no-cache');
  return answer(request, reply, 'index.html');
}

/** Packed where the browser takes it: the build lays a .gz beside each file that gains by it. */
async function answer(request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> {
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const packed = takesGzip ? await read(`${name}.gz`) : null;
  const bytes = packed ?? (await read(name));
  if (bytes === null)
    throw new ServerError('blob.not_found', 'the pages have no such file; `npm run build` makes them');
  if (packed !== null) reply.header('content-encoding', 'gzip');
  reply.header('vary', 'accept-encoding');
  return reply.type(contentTypes[extname(name)] ?? 'text/html; charset=utf-8').send(bytes);
}

async function read(name: string): Promise<Buffer | null> {
  return readFile(join(folder, name)).catch(() => null);
}
