// The HTTP side over real stores in a temporary folder, with an inference that only looks; asked in process or over a socket.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { Compile } from 'typebox/compile';
import { jobStates } from '../../contract/job-states.ts';
import type { Route } from '../../contract/route.ts';
import { type RouteId, routes } from '../../contract/routes.ts';
import type { StagedFile } from '../../datasets/image-record.ts';
import type { ProbeAnswer } from '../../datasets/probe-picture.ts';
import type { Probes } from '../../datasets/probes.ts';
import type { Thumbnails } from '../../datasets/thumbnails.ts';
import type { PictureChecks } from '../../hygiene/picture-checks.ts';
import type { Inference } from '../../inference/open-inference.ts';
import type { BaseModelChecks } from '../../models/base-model-checks.ts';
import { openApiKeys } from '../../platform/api-keys.ts';
import type { Config } from '../../platform/config.ts';
import { openMetrics } from '../../platform/metrics.ts';
import { openSessions } from '../../platform/sessions.ts';
import type { Services } from '../../services.ts';
import { openEncoderChecks } from '../../system/encoder-checks.ts';
import { TestClock, testConfig, testContext } from '../../testing/context.ts';
import { openWeightsChecks } from '../../training/weights-checks.ts';
import { openDatasetBuilds } from '../../yolo/dataset-builds.ts';
import { type AppOptions, buildApp } from '../build-app.ts';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly services: Services;
  readonly clock: TestClock;
  readonly folder: string;
  /** Every answer is held against its route's schema, and none may be an error of the server. */
  ask(request: InjectOptions): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

type ConfigChange = {
  readonly [Part in keyof Config]?: Config[Part] extends string ? string : Partial<Config[Part]>;
};

export async function testApp(change: ConfigChange = {}, options: AppOptions = {}): Promise<TestApp> {
  const clock = new TestClock();
  const made = await testContext({ clock });
  const base = testConfig(made.folder);
  const config = { ...base } as Record<string, unknown>;
  for (const [part, values] of Object.entries(change))
    config[part] =
      typeof values === 'string'
        ? values
        : { ...(base[part as keyof Config] as object), ...(values as object) };
  const context = { ...made.context, config: config as unknown as Config };
  const keys = openApiKeys(context.docs, clock);
  const { docs, ids } = context;
  const services: Services = {
    context,
    probes: readingProbes,
    thumbnails: copyingThumbnails,
    inference: lookingInference,
    pictureChecks: findingNothing,
    checks: acceptingChecks,
    weightsChecks: openWeightsChecks(),
    encoderChecks: openEncoderChecks(),
    probe: async () => ({ works: false, why: 'nothing is tried in tests' }),
    datasets: openDatasetBuilds(),
    keys,
    sessions: openSessions({ docs, keys, clock, ids, hours: context.config.server.session_hours }),
    metrics: openMetrics({
      jobs: () => Object.fromEntries(jobStates.map((state) => [state, 0])) as never,
      detectors: () => ({ loaded: 0, bytes: 0 }),
      waitingInferences: () => 0,
    }),
    readiness: { state: 'ready' },
    version: '1.2.3',
  };
  const app = await buildApp(services, options);
  return {
    app,
    services,
    clock,
    folder: made.folder,
    async ask(request) {
      const answer = await app.inject({ ...request, headers: { host: 'localhost', ...request.headers } });
      checkAnswer(request, answer);
      return answer;
    },
    async close() {
      await app.close();
      await services.weightsChecks.close();
      await services.encoderChecks.close();
      await services.datasets.close();
      await made.close();
    },
  };
}

const compiled = new Map<RouteId, ReturnType<typeof Compile>>();

function checkAnswer({ method = 'GET', url }: InjectOptions, answer: LightMyRequestResponse): void {
  const what = `${method} ${String(url).slice(0, 200)} -> ${answer.statusCode} ${answer.body.slice(0, 500)}`;
  if (answer.statusCode === 500) throw new Error(`an error of the server: ${what}`);
  if (answer.statusCode >= 400) {
    const { status, code, detail, requestId } = answer.json();
    if (status !== answer.statusCode || !code || !detail || !requestId)
      throw new Error(`no problem: ${what}`);
    return;
  }
  if (method === 'OPTIONS') return;
  const id = routeOf(String(method), String(url));
  const { answer: wanted }: Route = routes[id];
  if (wanted.kind !== 'json' || method === 'HEAD' || answer.statusCode !== 200) return;
  const schema = compiled.get(id) ?? Compile(wanted.schema);
  compiled.set(id, schema);
  const value = answer.json();
  if (!schema.Check(value))
    throw new Error(`not as documented: ${what} ${JSON.stringify([...schema.Errors(value)].slice(0, 5))}`);
}

/** The row that a request belongs to. */
export function routeOf(method: string, url: string): RouteId {
  const parts = url.split('?', 1)[0]!.split('/');
  const fits = (path: string) => {
    const pattern = path.split('/');
    return (
      pattern.length === parts.length && pattern.every((part, i) => part.startsWith('{') || part === parts[i])
    );
  };
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = (Object.keys(routes) as RouteId[])
    .filter((id) => routes[id].method === wanted && fits(routes[id].path))
    // A path without names wins over one with names.
    .sort((a, b) => routes[a].path.split('{').length - routes[b].path.split('{').length);
  if (found[0] === undefined) throw new Error(`no route for ${method} ${url}`);
  return found[0];
}

/** Takes everything that begins as a PNG for a picture of 8 x 8. */
const readingProbes: Probes = {
  async probe(path): Promise<ProbeAnswer> {
    const bytes = await readFile(path);
    if (bytes.length === 0) return { code: 'image.empty', detail: 'expected a picture, got no bytes' };
    if (bytes[0] !== 0x89) return { code: 'image.unsupported_type', detail: 'expected JPEG or PNG' };
    const hash = createHash('blake2b512').update(bytes).digest('hex').slice(0, 32);
    return { hash, sizeBytes: bytes.length, extension: 'png', width: 8, height: 8 } as ProbeAnswer;
  },
  async close() {},
};

/** Takes the picture itself for its thumbnail. */
const copyingThumbnails: Thumbnails = {
  draw: (path, to) => copyFile(path, to),
  async close() {},
};

const findingNothing: PictureChecks = {
  async check({ pictures }) {
    const same = pictures.map(() => 0.5);
    return {
      checked: same.length,
      leftOut: 0,
      unread: [],
      flags: [],
      notes: [],
      brightness: same,
      sharpness: same,
    };
  },
  async close() {},
};

/** Finds every file good, and keeps a copy of it. */
const acceptingChecks: BaseModelChecks = {
  async check({ path, folder }) {
    const bytes = await readFile(path);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'model.safetensors'), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const files = { 'model.safetensors': { bytes: bytes.length, sha256 } };
    return { encoder: 'none', notes: [], files } as never;
  },
  inTurn: (work) => work(),
  async close() {},
};

const lookingInference: Inference = {
  async test(modelId, files) {
    const items = [];
    for await (const file of files) items.push(itemOf(file));
    return { model_id: modelId, items };
  },
  stats: () => ({
    active: 0,
    waiting: 0,
    pictures: 0,
    pictureSeconds: 0,
    loads: 0,
    retries: 0,
    detectors: { loaded: 0, bytes: 0 },
  }),
  async whenIdle() {},
  async close() {},
};

function itemOf(file: StagedFile) {
  return {
    filename: file.displayName,
    score: 'path' in file ? file.sizeBytes : 0,
    thr: 1,
    threshold: 1,
    is_uncertain: false,
    uncertain: null,
    is_anomaly: true,
    image_url: null,
    heatmap_url: null,
    overlay_url: null,
    result_image: null,
    bboxes: [],
    detections: [],
    regions: [],
    brightness: null,
    sharpness: null,
    pixel_threshold: null,
    map_url: null,
    reconstruction_url: null,
    result_id: null,
  };
}

/** A PNG signature and some bytes that make it different from others. */
export function pngLike(seed: number, length = 40): Buffer {
  const bytes = Buffer.alloc(length, seed);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes);
  bytes.writeUInt32LE(seed, 8);
  return bytes;
}

export const boundary = 'b0undary';

export interface Part {
  readonly name?: string;
  readonly filename?: string;
  readonly headers?: string;
  readonly body: Buffer | string;
}

export function multipartBody(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name = 'files', filename, headers = '', body }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n${headers}\r\n`,
    body,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

/** For `ask`. */
export function upload(url: string, parts: readonly Part[]): InjectOptions {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: multipartBody(parts),
  };
}

export const files = (...bodies: readonly Buffer[]): Part[] =>
  bodies.map((body, i) => ({ filename: `${i}.png`, body }));

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly text: string;
}

/** Listens on a free port of loopback. */
export async function listen({ app }: TestApp): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as { port: number }).port;
}

/** Sends bytes as they are and reads until the server closes, or until one whole answer is there. */
export function exchange(
  port: number,
  bytes: string | Buffer,
  onSocket?: (socket: Socket) => void,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      onSocket?.(socket);
    });
    let text = '';
    const finish = () => {
      socket.destroy();
      if (text === '') reject(new Error('the connection was closed without an answer'));
      else resolve(parseAnswer(text));
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (isWhole(text)) finish();
    });
    socket.on('end', finish);
    socket.on('error', (error) => (text === '' ? reject(error) : finish()));
  });
}

function isWhole(all: string): boolean {
  const text = all.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '');
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  return length !== undefined && text.length >= head + 4 + Number(length);
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n'), text };
}
