// config.yaml of a model folder: what the model is and where it comes from, under the original's names where it has them.
import { parse, stringify } from 'yaml';
import { OkapiError } from '../errors.ts';
import type { Normalization } from '../image/planes.ts';
import { parseTileCut, type TileCut } from '../scoring/tile-pixels.ts';

export interface ModelConfig {
  /** The kind of detector; null for models of the original, which has one kind. */
  readonly detector: string | null;
  readonly imageSize: number;
  readonly encoder: string | null;
  /** How levels become the input of the network; null for models of the original. */
  readonly normalization: Normalization | null;
}

/** The text of config.yaml. */
export function writeConfig(fields: Readonly<Record<string, unknown>>): string {
  return stringify(fields);
}

/**
 * Reads ours and the original's. A missing img_size is 256, the original's default. Throws checkpoint.malformed naming the
 * field.
 */
export function parseConfig(text: string): ModelConfig {
  const fields = configFields(text);
  const { name = null } = asObject(fields.encoder ?? {}, 'encoder');
  const preprocessing = asObject(fields.preprocessing ?? {}, 'preprocessing');
  return {
    detector: detectorOf(fields),
    imageSize: imageSizeIn(fields),
    encoder: textOrNull(name, 'encoder.name'),
    normalization: fields.preprocessing === undefined ? null : normalizationOf(preprocessing),
  };
}

/** The kind of detector in the text of config.yaml; null when it says none. Throws checkpoint.malformed. */
export function detectorIn(text: string): string | null {
  return detectorOf(configFields(text));
}

/** How the text of config.yaml says that pictures are cut; null: not at all. Throws checkpoint.malformed. */
export function tilesIn(text: string): TileCut | null {
  try {
    return parseTileCut(configFields(text));
  } catch (cause) {
    if (!(cause instanceof OkapiError) || cause.code !== 'option.invalid') throw cause;
    throw new OkapiError('checkpoint.malformed', `config.yaml: ${cause.message}`, { cause });
  }
}

const detectorOf = ({ detector }: Fields) => textOrNull(detector, 'detector');

export function imageSizeIn({ img_size: imageSize = 256 }: Fields): number {
  if (Number.isSafeInteger(imageSize) && (imageSize as number) >= 32 && (imageSize as number) <= 2048)
    return imageSize as number;
  return malformed('img_size', 'a whole number from 32 to 2048', imageSize);
}

type Fields = Record<string, unknown>;

/** All fields, unchecked. Throws checkpoint.malformed when the text is not YAML. */
export function configFields(text: string): Fields {
  let found: unknown;
  try {
    found = parse(text, { maxAliasCount: 10 });
  } catch (cause) {
    throw new OkapiError(
      'checkpoint.malformed',
      `config.yaml is not valid YAML: ${(cause as Error).message}`,
      { cause },
    );
  }
  return asObject(found ?? {}, 'config.yaml');
}

function normalizationOf({ mean, std, scale }: Fields): Normalization {
  const three = (v: unknown): v is number[] => Array.isArray(v) && v.length === 3 && v.every(Number.isFinite);
  if (!three(mean)) return malformed('preprocessing.mean', 'three numbers', mean);
  if (!three(std) || std.includes(0))
    return malformed('preprocessing.std', 'three numbers other than 0', std);
  if (!Number.isFinite(scale)) return malformed('preprocessing.scale', 'a number', scale);
  return { mean, std, scale: scale as number };
}

function asObject(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    malformed(name, 'a mapping', value);
  return value as Fields;
}

function textOrNull(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : malformed(name, 'a text', value);
}

function malformed(name: string, expected: string, got: unknown): never {
  throw new OkapiError(
    'checkpoint.malformed',
    `config.yaml: expected ${name} to be ${expected}, got ${JSON.stringify(got) ?? 'nothing'}`,
  );
}
