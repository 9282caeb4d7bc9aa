import { describe, expect, it } from 'vitest';
import type { JobState } from '../contract/job-states.ts';
import { type MetricReadings, openMetrics } from './metrics.ts';

const jobs: Record<JobState, number> = {
  waiting_approval: 1,
  queued: 2,
  running: 3,
  finalising: 0,
  finished: 5,
  failed: 6,
  canceled: 7,
};

const readings = (): MetricReadings => ({
  jobs: () => jobs,
  detectors: () => ({ loaded: 2, bytes: 4096 }),
  waitingInferences: () => 9,
});

describe('the metrics', () => {
  it('count requests by route, method and status, and their time', async () => {
    const metrics = openMetrics(readings());
    const route = '/projects/:project_id';
    metrics.countRequest({ route, method: 'GET', status: 200, seconds: 0.003 });
    metrics.countRequest({ route, method: 'GET', status: 404, seconds: 0.2 });
    metrics.countRequest({ route: null, method: 'BREW', status: 404, seconds: 0.2 });
    const text = await metrics.text();
    for (const line of [
      `okapi_http_requests_total{route="${route}",method="GET",status="200"} 1`,
      `okapi_http_requests_total{route="${route}",method="GET",status="404"} 1`,
      'okapi_http_requests_total{route="none",method="other",status="404"} 1',
      `okapi_http_request_duration_seconds_bucket{le="0.005",route="${route}",method="GET"} 1`,
      `okapi_http_request_duration_seconds_count{route="${route}",method="GET"} 2`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  it('tell the jobs of each state and the queue, asked anew each time', async () => {
    let queued = 2;
    let asked = 0;
    const count = async () => {
      asked++;
      return { ...jobs, queued };
    };
    const metrics = openMetrics({ ...readings(), jobs: count });
    expect(await metrics.text()).toContain('okapi_jobs{state="queued"} 2\n');
    queued = 8;
    const text = await metrics.text();
    for (const line of [
      'okapi_jobs{state="queued"} 8',
      'okapi_jobs{state="failed"} 6',
      'okapi_job_queue_length 8',
    ])
      expect(text).toContain(`${line}\n`);
    expect(asked).toBe(2);
  });

  it('tell durations of jobs and tests, and loaded detectors', async () => {
    const metrics = openMetrics(readings());
    metrics.countJob({ kind: 'train', state: 'finished', seconds: 100 });
    metrics.countInference({ images: 3, seconds: 0.02 });
    const text = await metrics.text();
    for (const line of [
      'okapi_job_duration_seconds_bucket{le="300",kind="train",state="finished"} 1',
      'okapi_inference_images_total 3',
      'okapi_inference_duration_seconds_sum 0.02',
      'okapi_detectors_loaded 2',
      'okapi_detectors_bytes 4096',
      'okapi_inference_waiting 9',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).toMatch(/process_resident_memory_bytes \d+/);
    expect(metrics.contentType).toContain('text/plain');
  });

  it('of two servers in one process are apart', async () => {
    const [one, two] = [openMetrics(readings()), openMetrics(readings())];
    one.countInference({ images: 5, seconds: 1 });
    expect(await two.text()).toContain('okapi_inference_images_total 0\n');
  });
});
