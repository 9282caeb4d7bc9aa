// The server: puts its parts together once, in order, and takes them apart again.
import type { FastifyInstance } from 'fastify';
import { rememberProbes } from '../vision/runtime/probe.ts';
import { versions } from '../vision/version.ts';
import { ServerError } from './contract/errors.ts';
import { type JobState, jobStates } from './contract/job-states.ts';
import { openProbes } from './datasets/probes.ts';
import { sweepImages } from './datasets/sweep-images.ts';
import { sweepMasks } from './datasets/sweep-masks.ts';
import { openThumbnails } from './datasets/thumbnails.ts';
import { evaluationRunner } from './evaluation/evaluation-runner.ts';
import { evaluationKind } from './evaluation/start-evaluation.ts';
import { buildApp } from './http/build-app.ts';
import { sweepRequests } from './http/once.ts';
import { openPictureChecks } from './hygiene/picture-checks.ts';
import { sweepHygiene } from './hygiene/sweep-hygiene.ts';
import { importOriginal } from './import/import-original.ts';
import { type Inference, openInference } from './inference/open-inference.ts';
import { sweepPreviews } from './inference/previews.ts';
import { openBaseModelChecks } from './models/base-model-checks.ts';
import { type ApiKeys, openApiKeys } from './platform/api-keys.ts';
import { openAudit } from './platform/audit-log.ts';
import { FileBlobs } from './platform/blobs/file-blobs.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { type ConfigOverrides, loadConfig } from './platform/config-load.ts';
import type { Variables } from './platform/config-sources.ts';
import type { Context } from './platform/context.ts';
import { dataPlaces, openDataFolder } from './platform/data-folder.ts';
import { FileDocs } from './platform/docs/file-docs.ts';
import { removeUnfinished } from './platform/docs/remove-unfinished.ts';
import { storeRoots } from './platform/docs/store-folders.ts';
import { systemIds } from './platform/ids.ts';
import { openLog } from './platform/log.ts';
import { openMetrics } from './platform/metrics.ts';
import type { JobQueue, JobRunner } from './platform/queue/job-queue.ts';
import { LocalQueue } from './platform/queue/local-queue.ts';
import { openSessions, sweepSessions } from './platform/sessions.ts';
import { openWorkspace } from './platform/workspace-files.ts';
import { sweepDeleted } from './projects/sweep-deleted.ts';
import type { Readiness, Services } from './services.ts';
import { openEncoderChecks } from './system/encoder-checks.ts';
import { sweepJobs } from './training/sweep-jobs.ts';
import { trainRunner } from './training/train-runner.ts';
import { trainingKind, updateKind } from './training/training-order.ts';
import { openWeightsChecks } from './training/weights-checks.ts';
import { openDatasetBuilds } from './yolo/dataset-builds.ts';
import { sweepDatasets } from './yolo/sweep-datasets.ts';

export interface StartOptions {
  /** Of config.yaml and .env. */
  readonly folder: string;
  readonly env: Variables;
  readonly overrides?: ConfigOverrides;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly services: Services;
  /** Refuses new requests at once, lets those in flight finish, lets jobs save what they have. Within 15 s. */
  close(): Promise<void>;
}

/** How long requests in flight may take after `close`. */
const finishMs = 10_000;
const sweepEveryMs = 10 * 60_000;

/**
 * Ready to answer once it returns. Throws config.invalid, also where others can reach the server and no key is in force; the
 * data.* errors of the data folder; and what listening throws, such as EADDRINUSE.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { config } = await loadConfig(options);
  const closing = new Closing();
  try {
    return await start(config, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function start(config: Config, closing: Closing): Promise<RunningServer> {
  const clock = systemClock;
  const ids = systemIds;
  const log = openLog({ level: config.log.level, clock });
  const folder = await openDataFolder({
    ...dataPlaces(config),
    clock,
    ids,
    onLost(error) {
      // Whatever this process would still write could destroy what the other server does.
      log.fatal({ err: error }, 'the data folder was lost to another server');
      process.exit(1);
    },
  });
  closing.add(() => folder.close());
  if (!folder.remembered)
    log.warn('root_dir cannot be written: that data_dir is not mounted would not be noticed');

  const roots = storeRoots(config);
  await removeUnfinished(roots);
  const docs = new FileDocs(roots);
  await docs.keepReserve();
  const keys = openApiKeys(docs, clock);
  await refuseOpenDoor(config, keys);
  const workspace = await openWorkspace(config.data_dir, ids);
  const runners: Record<string, JobRunner> = {};
  // The metrics read the queue and the inference, which come later.
  let parts: { readonly queue: JobQueue; readonly inference: Inference } | null = null;
  const metrics = openMetrics(readingsOf(() => parts));
  const queue = new LocalQueue({ docs, clock, ids, log, workspace, config, runners, metrics });
  const audit = openAudit(docs, clock);
  const blobs = new FileBlobs(roots);
  const context: Context = { config, docs, blobs, queue, log, clock, ids, audit, workspace };
  runners[trainingKind] = trainRunner(context);
  runners[updateKind] = trainRunner(context);
  runners[evaluationKind] = evaluationRunner(context);

  const { models, findings } = await importOriginal(context);
  if (models > 0 || findings.length > 0)
    log.info({ models, findings: findings.length }, 'the data folder was taken over');
  closing.addFirst(() => queue.stop());
  await queue.start();
  const inference = openInference(context);
  closing.add(() => inference.close());
  const probes = openProbes(config);
  closing.add(() => probes.close());
  const thumbnails = openThumbnails(config);
  closing.add(() => thumbnails.close());
  const pictureChecks = openPictureChecks(config);
  closing.add(() => pictureChecks.close());
  const checks = openBaseModelChecks();
  closing.add(() => checks.close());
  const weightsChecks = openWeightsChecks();
  closing.add(() => weightsChecks.close());
  const datasets = openDatasetBuilds();
  closing.add(() => datasets.close());
  const encoderChecks = openEncoderChecks();
  closing.add(() => encoderChecks.close());
  parts = { queue, inference };

  const readiness: Readiness = { state: 'ready' };
  const version = versions().okapi;
  const sessions = openSessions({ docs, keys, clock, ids, hours: config.server.session_hours });
  const services: Services = {
    context,
    probes,
    thumbnails,
    inference,
    pictureChecks,
    checks,
    weightsChecks,
    encoderChecks,
    probe: rememberProbes(),
    datasets,
    keys,
    sessions,
    metrics,
    readiness,
    version,
  };
  const app = await buildApp(services);
  closing.addFirst(() => closeApp(app));
  await app.listen({ host: config.server.host, port: config.server.port });
  const sweeping = sweepNowAndThen(context, [
    sweepDeleted,
    sweepImages,
    sweepMasks,
    sweepHygiene,
    sweepDatasets,
    sweepPreviews,
    sweepRequests,
    sweepSessions,
    sweepJobs,
    // On a disk that is still full there is nothing to keep back.
    () => docs.keepReserve().catch(unlessFull),
  ]);
  closing.addFirst(() => sweeping.stop());
  const { port } = app.server.address() as { port: number };
  log.info({ host: config.server.host, port, version }, 'ready');
  return {
    url: urlOf(config.server.host, port),
    port,
    services,
    close() {
      readiness.state = 'stopping';
      return closing.run();
    },
  };
}

/** What has to be closed: first, together, what takes in work; then the rest, the latest opened first. */
class Closing {
  readonly #first: (() => Promise<void>)[] = [];
  readonly #then: (() => Promise<void>)[] = [];
  #done: Promise<void> | null = null;

  add(close: () => Promise<void>): void {
    this.#then.push(close);
  }

  addFirst(close: () => Promise<void>): void {
    this.#first.push(close);
  }

  /** Closes everything once, whatever of it fails; then throws the first failure. */
  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run(): Promise<void> {
    const results = await Promise.allSettled(this.#first.map((close) => close()));
    for (const close of this.#then.toReversed()) results.push(...(await Promise.allSettled([close()])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** Waits for the requests in flight, but not for ever. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), finishMs);
  await app.close();
  clearTimeout(timer);
}

/** Throws config.invalid when others can reach the server and nobody needs a key. */
async function refuseOpenDoor({ server: { host } }: Config, keys: ApiKeys): Promise<void> {
  if (isLoopback(host) || (await keys.any())) return;
  throw new ServerError(
    'config.invalid',
    `expected an API key, because others can reach the server at server.host ${host}; there is none. ` +
      'Make one with: okapi keys add NAME --scope write',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function urlOf(host: string, port: number): string {
  const name = isLoopback(host) && host !== '::1' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function readingsOf(
  parts: () => { readonly queue: JobQueue; readonly inference: Inference } | null,
): Parameters<typeof openMetrics>[0] {
  return {
    async jobs() {
      const jobs = (await parts()?.queue.list()) ?? [];
      const counts = Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
      for (const { state } of jobs) counts[state]++;
      return counts;
    },
    detectors: () => parts()?.inference.stats().detectors ?? { loaded: 0, bytes: 0 },
    waitingInferences: () => parts()?.inference.stats().waiting ?? 0,
  };
}

/** Removes what has expired and what deletions have left, now and every while. */
function sweepNowAndThen(
  context: Context,
  tasks: readonly ((context: Context) => Promise<unknown>)[],
): { stop(): Promise<void> } {
  let running = Promise.resolve();
  const sweep = () => {
    running = running.then(async () => {
      for (const task of tasks)
        await task(context).catch((error: unknown) =>
          context.log.error({ err: error }, 'a sweep was cut short; the next one goes on'),
        );
    });
  };
  sweep();
  const timer = setInterval(sweep, sweepEveryMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}

function unlessFull(error: unknown): void {
  if (!(error instanceof ServerError && error.code === 'disk.full')) throw error;
}
