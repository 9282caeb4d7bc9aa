// What /metrics tells Prometheus: requests, jobs, tests of pictures, loaded detectors, the process. One registry a server.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type JobState, jobStates } from '../contract/job-states.ts';

export interface RequestMeasure {
  /** The route's pattern, such as "/projects/:project_id"; never the address itself. null: no route. */
  readonly route: string | null;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics {
  readonly contentType: string;
  /** All series in the text format of Prometheus. */
  text(): Promise<string>;
  countRequest(request: RequestMeasure): void;
  /** A job that has ended. */
  countJob(job: { readonly kind: string; readonly state: JobState; readonly seconds: number }): void;
  /** Pictures that were tested in one go. */
  countInference(tested: { readonly images: number; readonly seconds: number }): void;
}

/** What is asked anew whenever the metrics are read. */
export interface MetricReadings {
  jobs(): Promise<Readonly<Record<JobState, number>>> | Readonly<Record<JobState, number>>;
  detectors(): { readonly loaded: number; readonly bytes: number };
  /** Tests of pictures that wait for their turn. */
  waitingInferences(): number;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const seconds = {
  request: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  inference: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  job: [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600],
} as const;

export function openMetrics(readings: MetricReadings): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const requests = new Counter({
    name: 'okapi_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'okapi_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['route', 'method'],
    buckets: [...seconds.request],
    registers,
  });
  const jobSeconds = new Histogram({
    name: 'okapi_job_duration_seconds',
    help: 'Time from the first start of a job to its end.',
    labelNames: ['kind', 'state'],
    buckets: [...seconds.job],
    registers,
  });
  const inferenceSeconds = new Histogram({
    name: 'okapi_inference_duration_seconds',
    help: 'Time to test the pictures of one batch, without waiting.',
    buckets: [...seconds.inference],
    registers,
  });
  const testedImages = new Counter({
    name: 'okapi_inference_images_total',
    help: 'Pictures that were tested.',
    registers,
  });
  // Two series tell of the jobs; they are counted once for each reading of the metrics.
  let jobs: ReturnType<MetricReadings['jobs']> | null = null;
  addReadings({ ...readings, jobs: () => jobs ?? readings.jobs() }, registry);

  return {
    contentType: registry.contentType,
    text() {
      jobs = readings.jobs();
      return registry.metrics();
    },
    countRequest({ route, method, status, seconds }) {
      const labels = { route: route ?? 'none', method: methods.includes(method) ? method : 'other' };
      requests.inc({ ...labels, status });
      requestSeconds.observe(labels, seconds);
    },
    countJob: ({ kind, state, seconds }) => jobSeconds.observe({ kind, state }, seconds),
    countInference({ images, seconds }) {
      testedImages.inc(images);
      inferenceSeconds.observe(seconds);
    },
  };
}

function addReadings(readings: MetricReadings, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'okapi_jobs',
    help: 'Jobs by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      const counts = await readings.jobs();
      for (const state of jobStates) this.set({ state }, counts[state]);
    },
  });
  const read = (name: string, help: string, value: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await value());
      },
    });
  read(
    'okapi_job_queue_length',
    'Jobs that wait for their turn.',
    async () => (await readings.jobs()).queued,
  );
  read('okapi_detectors_loaded', 'Models in memory.', () => readings.detectors().loaded);
  read('okapi_detectors_bytes', 'Memory of the models in memory.', () => readings.detectors().bytes);
  read('okapi_inference_waiting', 'Tests of pictures that wait.', () => readings.waitingInferences());
}
