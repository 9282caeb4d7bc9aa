// The plan of a training that learns to find objects of labelled classes.
import { checkMemory } from '../vision/detectors/yolo/batch-size.ts';
import { completeYoloSettings, type YoloSettings } from '../vision/detectors/yolo/settings.ts';
import { weightsFolders } from '../vision/encoders/table.ts';
import { quoted } from './environment.ts';
import { openLabelled } from './labelled-pictures.ts';
import type { Terminal } from './terminal.ts';
import { type Flags, inFlags, settingsFrom, type TrainingPlan, type TrainOptions } from './training-plan.ts';

const flags: Flags<YoloSettings> = {
  variant: ['variant', '--variant'],
  weights: ['weights', '--weights'],
  imageSize: ['imgSize', '--img-size'],
  epochs: ['epochs', '--epochs'],
  lr0: ['lr', '--lr'],
  batch: ['batch', '--batch'],
  patience: ['patience', '--patience'],
  seed: ['seed', '--seed'],
  conf: ['conf', '--conf'],
  iou: ['iou', '--iou'],
};

/** `path` is a data.yaml, a folder or a ZIP archive. Throws option.invalid, dataset.* and zip.*. */
export async function planDetect(
  path: string,
  options: TrainOptions,
  terminal: Terminal,
): Promise<TrainingPlan> {
  const settings = settingsFrom(flags, options, completeYoloSettings);
  const { seed, valRatio } = options;
  const split = { ...(seed !== undefined && { seed }), ...(valRatio !== undefined && { valRatio }) };
  const { dataset, close } = await openLabelled(path, split, terminal);
  try {
    inFlags(flags, () => checkMemory(completeYoloSettings(settings), dataset.train.length));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    request: {
      kind: 'yolo',
      pictures: [],
      objects: dataset,
      settings,
      encoderSource: { folders: weightsFolders(process.cwd(), 'data') },
    },
    next: ({ folder }) => [
      `test ${quoted(folder)} PICTURES... --report report.html`,
      `eval ${quoted(folder)} ${quoted(path)}`,
    ],
    close,
  };
}
