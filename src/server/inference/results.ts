// The history of tested pictures: a journal for each owner, which holds results and what people said of them later.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { journalKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { DetectedItem } from './test-item.ts';

export const feedbacks = ['false_alarm', 'missed'] as const;
export type Feedback = (typeof feedbacks)[number];

export interface TestResult {
  readonly result_id: string;
  readonly model_id: string;
  readonly filename: string;
  readonly score: number;
  readonly threshold: number;
  readonly is_anomaly: boolean;
  /** Whether the score was in the model's band of uncertain ones; false in results from before it was kept. */
  readonly is_uncertain: boolean;
  /** How many. */
  readonly regions: number;
  /** Of object detectors. */
  readonly detections: readonly DetectedItem[];
  readonly at: string;
  readonly by: string;
  readonly image_url: string;
  /** null for object detectors. */
  readonly heatmap_url: string | null;
  readonly overlay_url: string;
  /** Of the picture, as measureQuality says; null in results from before it was measured. */
  readonly brightness: number | null;
  readonly sharpness: number | null;
}

/** A result, and whether a person found it wrong. */
export interface JudgedResult extends TestResult {
  readonly feedback: Feedback | null;
}

type Entry =
  /** Without detections: written before there were object detectors. */
  | ({ readonly type: 'result' } & Omit<TestResult, 'detections' | 'is_uncertain'> & Partial<TestResult>)
  | {
      readonly type: 'feedback';
      readonly result_id: string;
      readonly feedback: Feedback | null;
      readonly at: string;
      readonly by: string;
    };

/**
 * Not durable: a power cut may take the last seconds of the history, but no answer waits for the disk. A kill of this
 * process loses nothing.
 */
export async function addResults(
  context: Context,
  owner: Owner,
  results: readonly TestResult[],
): Promise<void> {
  const entries = results.map((result): Entry => ({ type: 'result', ...result }));
  if (entries.length > 0) await context.docs.append(journalKeys.results(owner), entries);
}

export interface ResultQuery {
  /** Part of the file name or of the label of a detection, in any case. */
  readonly search?: string;
  readonly verdict?: 'anomaly' | 'good';
  /** Only what a person has marked so. */
  readonly feedback?: Feedback;
  /** The cursor of the page before. */
  readonly after?: string;
  /** 1 to 500; default 50. */
  readonly limit?: number;
}

export interface ResultPage {
  readonly items: readonly JudgedResult[];
  /** For the next page; null when this is the last one. */
  readonly next: string | null;
}

/** Newest first. Throws request.malformed for a cursor that this owner and query never gave, request.invalid for a limit. */
export async function listResults(
  context: Context,
  owner: Owner,
  query: ResultQuery = {},
): Promise<ResultPage> {
  const { limit = 50, after } = query;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 500)
    throw new ServerError(
      'request.invalid',
      `expected limit to be a whole number from 1 to 500, got ${limit}`,
    );
  const before = after === undefined ? Number.POSITIVE_INFINITY : readCursor(after, owner, query);
  const found: { readonly seq: number; readonly result: JudgedResult }[] = [];
  for await (const { seq, result } of newestFirst(context, owner)) {
    if (seq >= before || !fits(result, query)) continue;
    if (found.length === limit)
      return { items: found.map((row) => row.result), next: writeCursor(found.at(-1)!.seq, owner, query) };
    found.push({ seq, result });
  }
  return { items: found.map((row) => row.result), next: null };
}

/** Notes what a person found; null takes it back. Throws result.not_found. */
export async function markResult(
  context: Context,
  owner: Owner,
  resultId: string,
  feedback: Feedback | null,
  actor: Actor,
): Promise<JudgedResult> {
  const result = await findResult(context, owner, resultId);
  const at = context.clock.date().toISOString();
  const entry: Entry = { type: 'feedback', result_id: resultId, feedback, at, by: actor.name };
  await context.docs.append(journalKeys.results(owner), [entry], { durable: true });
  await context.audit.record(actor, 'result.mark', `results/${resultId}`, { feedback });
  return { ...result, feedback };
}

/** Throws result.not_found. */
export async function findResult(context: Context, owner: Owner, resultId: string): Promise<JudgedResult> {
  for await (const { result } of newestFirst(context, owner))
    if (result.result_id === resultId) return result;
  throw new ServerError('result.not_found', `there is no result ${JSON.stringify(resultId.slice(0, 64))}`);
}

export const exportFormats = ['csv', 'json'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** All results, newest first, as the text of a file. */
export function exportResults(context: Context, owner: Owner, format: ExportFormat): Readable {
  return Readable.from(writers[format](newestFirst(context, owner)), { objectMode: false });
}

type Rows = AsyncIterable<{ readonly result: JudgedResult }>;

const columns = [
  'result_id',
  'at',
  'by',
  'model_id',
  'filename',
  'score',
  'threshold',
  'is_anomaly',
  'regions',
  'feedback',
  'image_url',
  'heatmap_url',
  'overlay_url',
  'detections',
  'brightness',
  'sharpness',
  'is_uncertain',
] as const satisfies readonly (keyof JudgedResult)[];

const writers: Record<ExportFormat, (rows: Rows) => AsyncIterable<string>> = {
  async *csv(rows) {
    yield `${columns.join(',')}\r\n`;
    for await (const { result } of rows)
      yield `${columns.map((name) => cell(plain(result[name]))).join(',')}\r\n`;
  },
  async *json(rows) {
    let before = '[\n';
    for await (const { result } of rows) {
      yield before + JSON.stringify(result);
      before = ',\n';
    }
    yield before === '[\n' ? '[]\n' : '\n]\n';
  },
};

/** Such as "scratch 0.91 [10 20 30 40]; dent 0.5 [1 2 3 4]", with the corners in pixels. */
function plain(value: JudgedResult[(typeof columns)[number]]): string | number | boolean | null {
  if (typeof value !== 'object' || value === null) return value;
  return value
    .map(
      ({ label, confidence, bbox }) =>
        `${label} ${round(confidence, 4)} [${bbox.map((v) => round(v, 1)).join(' ')}]`,
    )
    .join('; ');
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** RFC 4180. A text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers. */
function cell(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value ?? '');
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** So many lines are parsed at a time. */
const WINDOW = 2000;

/** Results from the last to the first, each with the feedback that came after it. */
export async function* newestFirst(
  { docs }: Context,
  owner: Owner,
): AsyncGenerator<{ readonly seq: number; readonly result: JudgedResult }> {
  const journal = journalKeys.results(owner);
  const feedback = new Map<string, Feedback | null>();
  for (let end = await docs.append(journal, []); end > 0; end -= WINDOW) {
    const after = Math.max(0, end - WINDOW);
    const entries = await docs.read<Entry>(journal, { after, limit: end - after });
    for (const { seq, value } of entries.reverse()) {
      const id = value.result_id;
      if (value.type === 'feedback') {
        if (!feedback.has(id)) feedback.set(id, value.feedback);
        continue;
      }
      const { type, ...result } = value;
      const old = { is_uncertain: false, detections: [], brightness: null, sharpness: null };
      yield { seq, result: { ...old, ...result, feedback: feedback.get(id) ?? null } };
    }
  }
}

function fits(
  { filename, is_anomaly, detections, feedback }: JudgedResult,
  { search, verdict, feedback: wantedFeedback }: ResultQuery,
): boolean {
  if (verdict !== undefined && is_anomaly !== (verdict === 'anomaly')) return false;
  if (wantedFeedback !== undefined && feedback !== wantedFeedback) return false;
  if (search === undefined) return true;
  const wanted = search.toLowerCase();
  return [filename, ...detections.map(({ label }) => label)].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

/** The last seq of a page and a check sum over what was asked, so that a cursor fits its own query alone. */
function writeCursor(seq: number, owner: Owner, { search, verdict, feedback }: ResultQuery): string {
  const filters = [search?.toLowerCase() ?? null, verdict ?? null, feedback ?? null];
  const asked = JSON.stringify([seq, owner.kind, owner.id, ...filters]);
  return `${seq.toString(36)}.${createHash('sha256').update(asked).digest('base64url').slice(0, 16)}`;
}

function readCursor(cursor: string, owner: Owner, query: ResultQuery): number {
  const seq = /^[0-9a-z]{1,10}\./.test(cursor) ? Number.parseInt(cursor, 36) : 0;
  if (writeCursor(seq, owner, query) === cursor) return seq;
  throw new ServerError('request.malformed', 'expected a cursor that an earlier page of this query gave');
}
