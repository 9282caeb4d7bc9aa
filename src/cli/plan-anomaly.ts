// The plan of a training that learns what good parts look like.
import { listDataset } from '../vision/dataset/folder.ts';
import { type AutoencoderSettings, completeSettings } from '../vision/detectors/autoencoder/settings.ts';
import { defaultEncoder, weightsFolders } from '../vision/encoders/table.ts';
import { OkapiError } from '../vision/errors.ts';
import { quoted } from './environment.ts';
import { type Flags, settingsFrom, type TrainingPlan, type TrainOptions } from './training-plan.ts';

const flags: Flags<AutoencoderSettings> = {
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

/** `dir` holds good pictures, or has the folder train/good. Throws option.invalid, encoder.unknown and dataset.*. */
export async function planAnomaly(dir: string, options: TrainOptions): Promise<TrainingPlan> {
  const { encoder: _, ...given } = options;
  const encoder = await encoderOf(options);
  const settings = settingsFrom(flags, { ...given, ...(encoder && { encoder }) }, completeSettings);
  const { train: pictures, test } = await listDataset(dir);
  if (pictures.length === 0)
    throw new OkapiError('dataset.layout', `expected good pictures in ${dir}/train/good, found none`);
  const { encoderWeights: weightsFile } = options;
  return {
    request: {
      kind: 'autoencoder',
      pictures,
      settings,
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

/** Left to the base model when there is one and no encoder was asked for. */
async function encoderOf({ encoder, base }: TrainOptions): Promise<string | undefined> {
  if (encoder !== 'auto') return encoder;
  return base === undefined ? defaultEncoder(weightsFolders(process.cwd(), 'data')) : undefined;
}
