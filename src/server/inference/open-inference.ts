// Tests pictures with stored models: who may go first, where the pictures go, and what is answered and remembered.
import { isUncertain, type UncertainBand } from '../../vision/scoring/threshold.ts';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { getModel } from '../models/get-model.ts';
import { taskOf, thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { uncertainOf } from '../models/uncertain-band.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { inOrder } from './in-order.ts';
import type { JudgedBy, LoadedDetectors, ModelToLoad } from './inspect-request.ts';
import { type InspectAnswer, Inspector } from './inspector.ts';
import { modelToLoad } from './model-to-load.ts';
import { type StagedPreviews, stagePreviews } from './previews.ts';
import { RequestGate } from './request-gate.ts';
import { addResults, type TestResult } from './results.ts';
import { type TestedItem, type TestItem, untested } from './test-item.ts';

export interface TestOptions {
  /** false: no previews and no history; the answer is quicker, and nothing of the pictures stays. */
  readonly store: boolean;
  /** false: previews are stored, but no entry in the history. Default true. */
  readonly remember?: boolean;
  /** With what is stored: the map in absolute scores, and what the model makes of the picture. */
  readonly map?: boolean | undefined;
  /** Of this request alone, for object detectors: in place of the model's own. */
  readonly conf?: number | undefined;
  readonly iou?: number | undefined;
}

export interface InferenceStats {
  /** Requests that are worked on, and that wait. */
  readonly active: number;
  readonly waiting: number;
  /** Since the start: files answered for, and the seconds that this took. */
  readonly pictures: number;
  readonly pictureSeconds: number;
  /** Models read into memory. */
  readonly loads: number;
  /** Pictures tried again because the child had ended. */
  readonly retries: number;
  /** What the child held when it last answered. */
  readonly detectors: LoadedDetectors;
}

export interface Inference {
  /**
   * One item for each file, in the order sent; a file that is no picture has an error, and the others are as without it.
   * Throws model.not_found, model.wrong_task (conf or iou for a model that finds anomalies), model.corrupt, server.busy,
   * server.stopping.
   */
  test(
    modelId: string,
    files: AsyncIterable<StagedFile>,
    options: TestOptions,
    actor: Actor,
  ): Promise<{ readonly model_id: string; readonly items: TestItem[] }>;
  stats(): InferenceStats;
  /** Resolves when no request that was begun before works with the model. */
  whenIdle(modelId: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Requests worked on at a time, and pictures at a time in each of them and in the child. Requests are not put together into
 * batches: the graphs of today take one picture, so a batch would be computed one by one and the first would wait for the last.
 */
const SIDE_BY_SIDE = 4;

export function openInference(context: Context): Inference {
  const { max_waiting_requests: waiting } = context.config.inference;
  const gate = new RequestGate({ active: SIDE_BY_SIDE, waiting }, context.clock);
  const inspector = new Inspector(context, SIDE_BY_SIDE);
  const uses = new Uses();
  const total = { pictures: 0, pictureSeconds: 0 };
  return {
    test: (modelId, files, options, actor) =>
      gate.run(() =>
        uses.during(modelId, async () => {
          const record = await getModel(context, modelId);
          const judgedBy = judgedByOf(record, options);
          const uncertain = await uncertainOf(context, record);
          const { store, remember: remembers = true, map = false } = options;
          const model = await modelToLoad(context, record);
          const items = await inOrder(files, SIDE_BY_SIDE, async (file) => {
            const from = context.clock.nowMs();
            const asked = { model, judgedBy, uncertain, file, store, remembers, map };
            const item = await testFile(context, inspector, asked);
            total.pictures++;
            total.pictureSeconds += (context.clock.nowMs() - from) / 1000;
            return item;
          });
          if (store && remembers) await remember(context, record, items, actor);
          return { model_id: modelId, items };
        }),
      ),
    stats: () => ({
      active: gate.active,
      waiting: gate.waiting,
      ...total,
      ...inspector.counts,
      detectors: inspector.detectors,
    }),
    whenIdle: (modelId) => uses.whenIdle(modelId),
    close: () => inspector.close(),
  };
}

/** The thresholds of the request where it names them, else those of the record. */
function judgedByOf(record: ModelRecord, { conf, iou }: TestOptions): JudgedBy {
  const own = thresholdOf(record);
  if (taskOf(record) === 'detect') return { task: 'detect', conf: conf ?? own.value, iou: iou ?? own.iou! };
  if (conf === undefined && iou === undefined) return { task: 'anomaly', threshold: own.value };
  throw new ServerError(
    'model.wrong_task',
    'conf and iou are for object detectors; this model finds anomalies: change its threshold instead',
  );
}

interface FileToTest {
  readonly model: ModelToLoad;
  readonly judgedBy: JudgedBy;
  readonly uncertain: UncertainBand | null;
  readonly file: StagedFile;
  readonly store: boolean;
  readonly remembers: boolean;
  readonly map: boolean;
}

async function testFile(
  context: Context,
  inspector: Inspector,
  { model, judgedBy, uncertain, file, store, remembers, map }: FileToTest,
): Promise<TestItem> {
  if ('refused' in file)
    return untested(file.displayName, file.refused.code as ErrorCode, file.refused.detail);
  const previews = store ? stagePreviews(context, model.id, judgedBy.task, { withMap: map }) : null;
  try {
    const paths = previews?.paths ?? null;
    const request = { do: 'inspect', model, picture: file.path, judgedBy, previews: paths } as const;
    const answer = await inspector.inspect(request);
    if (answer.kind === 'refused') return untested(file.displayName, answer.code, answer.detail);
    const item = await itemOf(file.displayName, { judgedBy, uncertain }, answer, previews);
    return { ...item, result_id: store && remembers ? context.ids.random() : null };
  } finally {
    await previews?.release();
  }
}

async function itemOf(
  filename: string,
  { judgedBy, uncertain }: Pick<FileToTest, 'judgedBy' | 'uncertain'>,
  answer: Extract<InspectAnswer, { kind: 'inspected' }>,
  previews: StagedPreviews | null,
): Promise<Omit<TestedItem, 'result_id'>> {
  const { score, isAnomaly, regions, objects, quality, pixelThreshold, drewReconstruction } = answer;
  const urls = (await previews?.store({ reconstruction: drewReconstruction })) ?? null;
  const threshold = judgedBy.task === 'anomaly' ? judgedBy.threshold : judgedBy.conf;
  return {
    filename,
    score,
    thr: threshold,
    threshold,
    is_anomaly: isAnomaly,
    is_uncertain: uncertain !== null && isUncertain(score, uncertain),
    uncertain,
    image_url: urls?.image ?? null,
    heatmap_url: urls?.heatmap ?? null,
    overlay_url: urls?.overlay ?? null,
    result_image: urls?.overlay ?? null,
    bboxes: regions.map(({ bbox }) => bbox),
    detections: objects.map((object) => ({ ...object, box_format: 'xyxy' })),
    regions,
    brightness: quality?.brightness ?? null,
    sharpness: quality?.sharpness ?? null,
    pixel_threshold: pixelThreshold,
    map_url: urls?.map ?? null,
    reconstruction_url: urls?.reconstruction ?? null,
  };
}

async function remember(
  context: Context,
  record: ModelRecord,
  items: readonly TestItem[],
  actor: Actor,
): Promise<void> {
  const at = context.clock.date().toISOString();
  const results = items.flatMap((item): TestResult[] => {
    if ('error' in item) return [];
    const { filename, score, threshold, is_anomaly, is_uncertain } = item;
    return [
      {
        result_id: item.result_id!,
        model_id: record.model_id,
        filename,
        score,
        threshold,
        is_anomaly,
        is_uncertain,
        regions: item.regions.length,
        detections: item.detections,
        at,
        by: actor.name,
        image_url: item.image_url!,
        heatmap_url: item.heatmap_url,
        overlay_url: item.overlay_url!,
        brightness: item.brightness,
        sharpness: item.sharpness,
      },
    ];
  });
  await addResults(context, record.owner, results);
}

/** Which models are worked with. */
class Uses {
  readonly #running = new Map<string, Set<Promise<unknown>>>();

  async during<T>(id: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(id) ?? new Set();
    this.#running.set(id, running);
    const result = work();
    running.add(result);
    try {
      return await result;
    } finally {
      running.delete(result);
      if (running.size === 0) this.#running.delete(id);
    }
  }

  async whenIdle(id: string): Promise<void> {
    await Promise.allSettled(this.#running.get(id) ?? []);
  }
}
