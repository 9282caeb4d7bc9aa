// A downloaded bundle: found whole by the hashes of its manifest, and what the manifest says of its model.
import { OkapiError } from '../vision/errors.ts';
import { parseTileCut, type TileCut } from '../vision/scoring/tile-pixels.ts';
import { zipEntries } from './zip.ts';

/** What every bundle says of its model. */
interface Named {
  readonly modelId: string;
  readonly detector: string;
  readonly imageSize: number;
}

export interface AnomalyFacts extends Named {
  readonly task: 'anomaly';
  readonly encoder: string;
  /** How pictures are cut before the model looks at them; null: not at all. */
  readonly cut: TileCut | null;
}

export interface ObjectFacts extends Named {
  readonly task: 'detect';
  readonly variant: string;
  readonly classes: readonly string[];
  /** Over the val pictures, 0..1 each. */
  readonly metrics: Readonly<Record<'map50' | 'map50_95' | 'precision' | 'recall', number>>;
}

export type ModelFacts = AnomalyFacts | ObjectFacts;

export interface BundleFiles {
  readonly model: ModelFacts;
  /** The bytes of a file, verified. Throws checkpoint.malformed when it is not listed, corrupt when it is not what was packed. */
  file(name: string): Promise<Uint8Array<ArrayBuffer>>;
  text(name: string): Promise<string>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the directory and the manifest. Throws zip.* and checkpoint.malformed. */
export async function readBundle(bytes: Uint8Array): Promise<BundleFiles> {
  const entries = zipEntries(bytes);
  const manifest = await entries.get('manifest.json')?.read();
  if (manifest === undefined)
    malformed('there is no manifest.json in it; download it again from an Okapi of today');
  const { files, model } = parse(manifest);
  const file = async (name: string) => {
    const row = asFields(asFields(files)[name]);
    const entry = entries.get(name);
    if (entry === undefined || typeof row.sha256 !== 'string') malformed(`it holds no ${name}`);
    if (entry.size !== row.bytes) corrupt(name, `has ${entry.size} bytes, expected ${row.bytes}`);
    const content = await entry.read();
    if ((await sha256(content)) !== row.sha256) corrupt(name, 'is not what was packed');
    return content;
  };
  return {
    model: factsOf(asFields(model)),
    file,
    text: async (name) => new TextDecoder().decode(await file(name)),
  };
}

function parse(manifest: Uint8Array): Fields {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(manifest));
  } catch {
    malformed('its manifest.json is not valid JSON');
  }
  const fields = asFields(found);
  if (fields.format !== 'okapi-model' || fields.version !== 1)
    malformed(`expected a manifest of version 1, got ${fields.format ?? 'none'} ${fields.version ?? ''}`);
  return fields;
}

function factsOf(fields: Fields): ModelFacts {
  const { model_id, task, detector, image_size, encoder, variant, classes, metrics } = fields;
  if (typeof model_id !== 'string' || typeof detector !== 'string') malformed('its manifest names no model');
  if (!Number.isSafeInteger(image_size) || (image_size as number) < 1)
    malformed(`expected model.image_size to be whole pixels, got ${image_size}`);
  const named = { modelId: model_id, detector, imageSize: image_size as number };
  if (task === 'anomaly')
    return { ...named, task, encoder: typeof encoder === 'string' ? encoder : 'none', cut: cutOf(fields) };
  if (task !== 'detect') malformed(`expected model.task to be anomaly or detect, got ${task}`);
  const isNames = Array.isArray(classes) && classes.every((name) => typeof name === 'string');
  if (!isNames || typeof variant !== 'string') malformed('its manifest names no classes');
  const share = (name: string) => {
    const value = asFields(metrics)[name];
    return typeof value === 'number' ? value : malformed(`expected model.metrics.${name}, got ${value}`);
  };
  return {
    ...named,
    task,
    variant,
    classes,
    metrics: {
      map50: share('map50'),
      map50_95: share('map50_95'),
      precision: share('precision'),
      recall: share('recall'),
    },
  };
}

function cutOf(fields: Fields): TileCut | null {
  try {
    return parseTileCut(fields);
  } catch (cause) {
    return malformed(`model in its manifest: ${(cause as Error).message}`);
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined)
    throw new OkapiError(
      'option.invalid',
      'expected a page on https or localhost, since browsers offer crypto.subtle, by which the bundle is verified, only there',
    );
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

type SubtleCrypto = typeof globalThis.crypto.subtle;

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function malformed(what: string): never {
  throw new OkapiError('checkpoint.malformed', `the bundle cannot be used: ${what}`);
}

function corrupt(name: string, what: string): never {
  throw new OkapiError('checkpoint.corrupt', `the bundle is damaged: ${name} ${what}`);
}
