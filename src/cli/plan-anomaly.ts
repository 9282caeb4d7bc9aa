// The plan of a training that learns what good parts look like.
import { readFile } from 'node:fs/promises';
import { listDataset } from '../vision/dataset/folder.ts';
import { type AutoencoderSettings, completeSettings } from '../vision/detectors/autoencoder/settings.ts';
import { completePatchSettings, type PatchSettings } from '../vision/detectors/patches/settings.ts';
import { defaultEncoder, weightsFolders } from '../vision/encoders/table.ts';
import { OkapiError } from '../vision/errors.ts';
import { parseRegions, type Regions } from '../vision/scoring/region-mask.ts';
import { parseTiles, type TileSetting } from '../vision/scoring/tile-plan.ts';
import { quoted } from './environment.ts';
import {
  type Flags,
  type Method,
  settingsFrom,
  type TrainingPlan,
  type TrainOptions,
} from './training-plan.ts';

const autoencoderFlags: Flags<AutoencoderSettings> = {
  encoder: ['encoder', '--encoder'],
  imageSize: ['imgSize', '--img-size'],
  epochs: ['epochs', '--epochs'],
  learningRate: ['lr', '--lr'],
  batchSize: ['batch', '--batch'],
  validationRatio: ['valRatio', '--val-ratio'],
  patience: ['patience', '--patience'],
  seed: ['seed', '--seed'],
  falseAlarmRate: ['falseAlarmRate', '--false-alarm-rate'],
};

const patchFlags: Flags<PatchSettings> = {
  encoder: ['encoder', '--encoder'],
  imageSize: ['imgSize', '--img-size'],
  seed: ['seed', '--seed'],
  bankBytes: ['bankBytes', '--bank-bytes'],
  placeWeight: ['placeWeight', '--place-weight'],
  reweightNeighbours: ['reweight', '--reweight'],
  falseAlarmRate: ['falseAlarmRate', '--false-alarm-rate'],
};

/** What only one of the two families knows, by the method that it speaks for. */
const telling: Readonly<
  Record<'autoencoder' | 'patches', readonly (readonly [keyof TrainOptions, string])[]>
> = {
  autoencoder: [
    ['epochs', '--epochs'],
    ['lr', '--lr'],
    ['batch', '--batch'],
    ['valRatio', '--val-ratio'],
    ['patience', '--patience'],
    ['base', '--base'],
  ],
  patches: [
    ['bankBytes', '--bank-bytes'],
    ['placeWeight', '--place-weight'],
    ['reweight', '--reweight'],
  ],
};

/** The method that was named; else the autoencoder where an option is for it alone, and auto where none is. */
function methodOf(options: TrainOptions): Method {
  const given = (family: keyof typeof telling) =>
    telling[family].find(([option]) => options[option] !== undefined);
  const named = options.method as Method | undefined;
  if (named === undefined) return given('autoencoder') || options.encoder === 'none' ? 'autoencoder' : 'auto';
  const other = given(named === 'autoencoder' ? 'patches' : 'autoencoder');
  if (other) throw new OkapiError('option.invalid', `${other[1]} is not an option of --method ${named}`);
  return named;
}

/** `dir` holds good pictures, or has the folder train/good. Throws option.invalid, encoder.unknown and dataset.*. */
export async function planAnomaly(dir: string, options: TrainOptions): Promise<TrainingPlan> {
  const { encoder: _, ...given } = options;
  const encoder = await encoderOf(options);
  const method = methodOf(options);
  const wanted = { ...given, ...(encoder && { encoder }) };
  const settings =
    method === 'autoencoder'
      ? settingsFrom(autoencoderFlags, wanted, completeSettings)
      : settingsFrom(patchFlags, wanted, completePatchSettings);
  const tiles = options.tiles === undefined ? null : tilesFrom(options.tiles);
  const regions = options.regions === undefined ? null : await readRegions(options.regions);
  const { train: pictures, test } = await listDataset(dir);
  if (pictures.length === 0)
    throw new OkapiError('dataset.layout', `expected good pictures in ${dir}/train/good, found none`);
  const { encoderWeights: weightsFile, defectSize } = options;
  return {
    request: {
      kind: method,
      pictures,
      settings,
      ...(regions && { regions }),
      ...(tiles && { tiles }),
      ...(defectSize !== undefined && { defectSize }),
      encoderSource: {
        folders: weightsFolders(process.cwd(), 'data'),
        ...(weightsFile !== undefined && { weightsFile }),
      },
    },
    next: ({ folder }) => [
      `test ${quoted(folder)} PICTURES... --report report.html`,
      ...(test.length > 0 ? [`eval ${quoted(folder)} ${quoted(dir)}`] : []),
    ],
    close: async () => {},
  };
}

/** Throws option.invalid for a file that cannot be read or does not hold regions. */
async function readRegions(file: string): Promise<Regions> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new OkapiError('option.invalid', `--regions: ${file} cannot be read: ${cause.message}`, { cause });
  });
  try {
    return parseRegions(JSON.parse(text));
  } catch (cause) {
    throw new OkapiError('option.invalid', `--regions: ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** off, auto or SIZE[:OVERLAP]. Throws option.invalid. */
function tilesFrom(text: string): TileSetting {
  const [, size, overlap] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  try {
    if (size === undefined) return parseTiles(text);
    return parseTiles({ size: Number(size), ...(overlap !== undefined && { overlap: Number(overlap) }) });
  } catch (cause) {
    const words = 'off, auto or SIZE[:OVERLAP] in pixels of the picture, such as 512:128';
    const message = `--tiles: expected ${words}, got "${text}": ${(cause as Error).message}`;
    throw new OkapiError('option.invalid', message, { cause });
  }
}

/** Left to the base model when there is one and no encoder was asked for. */
async function encoderOf({ encoder, base }: TrainOptions): Promise<string | undefined> {
  if (encoder !== 'auto') return encoder;
  return base === undefined ? defaultEncoder(weightsFolders(process.cwd(), 'data')) : undefined;
}
