// A model as one ZIP for use without this program: weights, graph, preprocessing, threshold, a picture to check with, licences.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { manifestName, manifestText } from '../../vision/checkpoint/model-folder.ts';
import { configFields } from '../../vision/detectors/model-config.ts';
import type { Context } from '../platform/context.ts';
import { bundleReadme, licenceNotes } from './bundle-texts.ts';
import { folderOf } from './model-documents.ts';
import { taskOf, thresholdOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';
import { type OpenFile, readModelText, verifyFile } from './open-model-file.ts';
import { metricsFile } from './read-metrics.ts';

const bundled = ['model.onnx', 'model.safetensors', 'config.yaml', metricsFile, 'golden.png', 'golden.json'];
/** Models of the original may have nothing else. */
const otherwise = ['model.pt', 'model.pth'];

/**
 * Unpacked it is a model folder again; the manifest also says what the runner must know. Every file is verified before the first byte is handed out. Nothing is compressed, since weights and pictures hardly
 * shrink, so the size is known beforehand. Throws model.corrupt.
 */
export async function openBundle(context: Context, record: ModelRecord): Promise<OpenFile> {
  const names = namesIn(record);
  for (const name of names) await verifyFile(context, record, name);
  const zip = new ZipFile();
  const options = { mtime: new Date(record.created_at), compress: false };
  const addText = (name: string, text: string) => zip.addBuffer(Buffer.from(text), name, options);
  for (const name of names) {
    const size = record.files[name]!.bytes;
    zip.addReadStreamLazy(name, { ...options, size }, (done) => {
      context.blobs.open(`${folderOf(record)}/${name}`).then((stream) => done(null, stream), done as never);
    });
  }
  const cut = names.includes('config.yaml') ? await cutFields(context, record) : {};
  const texts = {
    'threshold.json': await thresholdText(context, record),
    'LICENCES.txt': licenceNotes(record),
    'README.txt': bundleReadme(record, names.includes('model.onnx'), cut.tiles !== undefined),
  };
  for (const [name, text] of Object.entries(texts)) addText(name, text);
  addText(manifestName, bundleManifest(record, names, texts, cut));
  const sizeBytes = await new Promise<number>((resolve) => zip.end(undefined, resolve as () => void));
  const stream = zip.outputStream as Readable;
  zip.on('error', (error: Error) => stream.destroy(error));
  return { stream, filename: `${record.model_id}.zip`, contentType: 'application/zip', sizeBytes };
}

/** That of a model folder, and what the runner reads in place of config.yaml. */
function bundleManifest(
  record: ModelRecord,
  names: readonly string[],
  texts: Readonly<Record<string, string>>,
  cut: Readonly<Record<string, unknown>>,
): string {
  const { model_id, detector, img_size, encoder, objects } = record;
  const stored = names.map((name) => [name, record.files[name]!] as const);
  const written = Object.entries(texts).map(([name, text]) => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    return [name, { bytes: Buffer.byteLength(text), sha256 }] as const;
  });
  const learnt = objects && {
    variant: objects.variant,
    classes: objects.classes,
    metrics: objects.metrics,
  };
  const named = { model_id, task: taskOf(record), detector, image_size: img_size, encoder };
  const model = { ...named, ...learnt, ...cut };
  return manifestText(Object.fromEntries([...stored, ...written]), { model });
}

/** How pictures are cut, in the words of config.yaml; nothing when they are not. */
async function cutFields(
  context: Context,
  record: ModelRecord,
): Promise<{ readonly tiles?: unknown; readonly regions?: unknown }> {
  const { tiles, regions } = configFields(await readModelText(context, record, 'config.yaml'));
  return tiles ? { tiles, ...(regions !== undefined && { regions }) } : {};
}

function namesIn({ files }: ModelRecord): string[] {
  const there = (name: string) => Object.hasOwn(files, name);
  const names = bundled.filter(there);
  const hasWeights = names.some((name) => name.startsWith('model.'));
  return hasWeights ? names : [...otherwise.filter(there), ...names];
}

/** The model's own threshold.json, with the threshold that holds now and who set it. */
async function thresholdText(context: Context, record: ModelRecord): Promise<string> {
  if (taskOf(record) === 'detect') return detectThresholdText(record);
  const file = 'threshold.json';
  const own = Object.hasOwn(record.files, file) ? await readModelText(context, record, file) : '{}';
  const { value, pixel_value, at, by, reason, target_false_alarm_rate } = thresholdOf(record);
  const changed = {
    ...(JSON.parse(own) as object),
    threshold_score: value,
    threshold_mse: value,
    ...(record.thresholds.length > 1 && { note: reason, target_false_alarm_rate, set_at: at, set_by: by }),
    ...(pixel_value !== null && { threshold_pixel: pixel_value }),
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
}

function detectThresholdText(record: ModelRecord): string {
  const { value, iou, at, by, reason } = thresholdOf(record);
  return `${JSON.stringify({ conf: value, iou, note: reason, set_at: at, set_by: by }, null, 2)}\n`;
}
