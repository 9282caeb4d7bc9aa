// A patch detector as it was stored, in the parts that it was made of: what an update starts from.
import type { ModelFolder } from '../../checkpoint/model-folder.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import type { Tensors } from '../../checkpoint/tensors.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { encoderTable } from '../../encoders/table.ts';
import { OkapiError } from '../../errors.ts';
import { decodePicture } from '../../image/decode.ts';
import type { Picture } from '../../image/picture.ts';
import { parseRegions, type Regions } from '../../scoring/region-mask.ts';
import type { CalibrationScores } from '../../scoring/threshold.ts';
import { readCalibration } from '../../scoring/threshold-file.ts';
import type { TileCut } from '../../scoring/tile-pixels.ts';
import { goldenPicture } from '../golden.ts';
import { configFields, tilesIn } from '../model-config.ts';
import type { HeadShare } from './calibrate.ts';
import { withColour } from './colour.ts';
import { widthOf } from './features.ts';
import { type BankLevel, type Fusion, type HeadName, headNames, type Learnt, partsOf } from './graphs.ts';
import { completePatchSettings, type PatchSettings, patchSettings } from './settings.ts';

export interface SavedPatches {
  readonly kind: string;
  readonly settings: PatchSettings;
  readonly encoder: Encoder;
  readonly regions: Regions | null;
  readonly cut: TileCut | null;
  readonly learnt: Learnt;
  readonly fusion: Fusion;
  readonly shares: readonly HeadShare[];
  readonly calibration: Omit<CalibrationScores, 'targetFalseAlarmRate'>;
  /** A good picture, or a tile of one, as it was cut. */
  readonly golden: Picture;
  /** What config.yaml says that it learnt from. */
  readonly dataset: { readonly pictures: number; readonly sha256: string };
}

/** Of models that do not say it: all parts had the same. */
const OLDER_TOP_SHARE = 0.01;

export const updatedFrom = ['model.safetensors', 'config.yaml', 'threshold.json', goldenPicture];

/** Throws checkpoint.malformed for a folder that lacks a part, and the checkpoint.* errors of its weights. */
export async function readSavedPatches(folder: ModelFolder): Promise<SavedPatches> {
  const text = (name: string) => new TextDecoder().decode(folder.file(name));
  const fields = configFields(text('config.yaml'));
  const { tensors } = await readTensors(folder.file('model.safetensors'));
  const settings = settingsIn(fields.settings);
  // The autoencoder cannot grow without a training, and would go on calling the new pictures anomalous.
  const shares = sharesIn(fields.heads).filter(({ head }) => head !== 'autoencoder');
  const learnt = learntIn(tensors, settings);
  const calibration = readCalibration(text('threshold.json')) ?? lacking('the scores of good pictures');
  const topShares = fields.top_shares as Readonly<Record<string, unknown>> | undefined;
  const { pictures, sha256 } = (fields.dataset ?? {}) as Partial<SavedPatches['dataset']>;
  return {
    kind: String(fields.detector),
    settings,
    encoder: encoderOf(encoderTable[settings.encoder].create(below(tensors, 'encoder.')), learnt),
    regions: fields.regions ? parseRegions(fields.regions) : null,
    cut: tilesIn(text('config.yaml')),
    learnt,
    fusion: partsOf(learnt).map((part) => ({
      gain: floats(tensors, `gain.${part}`),
      offset: floats(tensors, `offset.${part}`),
      topShare: shareIn(topShares?.[part] ?? OLDER_TOP_SHARE),
    })),
    shares,
    calibration,
    golden: await decodePicture(folder.file(goldenPicture)),
    dataset: { pictures: Number(pictures ?? 0), sha256: String(sha256 ?? '') },
  };
}

/** Older models do not look at colours. */
function encoderOf(encoder: Encoder, { scale }: Learnt): Encoder {
  const coloured = withColour(encoder);
  const known = [encoder, coloured].find((one) => widthOf(one) === scale.mean.length);
  return known ?? lacking('a scale of as many channels as its encoder has');
}

function learntIn(tensors: Tensors, { placeWeight, reweightNeighbours }: PatchSettings): Learnt {
  const axes = (name: string) => ({
    data: floats(tensors, name),
    count: tensors.get(name)!.shape[0]!,
  });
  const bank = (level: BankLevel) => ({
    axes: axes(`bank.${level}.axes`),
    placeWeight,
    reweightNeighbours,
    rows: floats(tensors, `bank.${level}.rows`),
  });
  return {
    scale: { mean: floats(tensors, 'scale.mean'), deviation: floats(tensors, 'scale.deviation') },
    banks: tensors.has('bank.fine.rows') ? { fine: bank('fine'), coarse: bank('coarse') } : null,
    subspace: tensors.has('subspace.axes') ? axes('subspace.axes') : null,
  };
}

/** Settings of later versions, which this one does not know, change nothing that it does. */
function settingsIn(value: unknown): PatchSettings {
  const known = Object.entries((value ?? {}) as object).filter(([name]) =>
    Object.hasOwn(patchSettings, name),
  );
  return completePatchSettings(Object.fromEntries(known));
}

function shareIn(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= 1 ? value : lacking('its top_shares');
}

function sharesIn(value: unknown): HeadShare[] {
  const rows = Array.isArray(value) ? value : [];
  const isShare = (row: unknown): row is HeadShare => {
    const { head, weight } = (row ?? {}) as Partial<HeadShare>;
    return headNames.includes(head as HeadName) && Number.isFinite(weight);
  };
  return rows.length > 0 && rows.every(isShare) ? rows : lacking('its heads');
}

function below(tensors: Tensors, prefix: string): Tensors {
  const rows = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(rows.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function floats(tensors: Tensors, name: string): Float32Array {
  const { data, dtype } = tensors.get(name) ?? lacking(name);
  return dtype === 'float32' ? Float32Array.from(data as Float32Array) : lacking(`${name} as float32`);
}

function lacking(what: string): never {
  throw new OkapiError('checkpoint.malformed', `the model does not hold ${what}, which an update needs`);
}
