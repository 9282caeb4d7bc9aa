// Opens trained object detectors.
import type { Runtime } from '../../../autodiff/runtime.ts';
import type { ModelFolder } from '../../checkpoint/model-folder.ts';
import type { ObjectDetector } from '../detector.ts';
import { objectDetector } from './detect.ts';
import { parseYoloConfig } from './model-config.ts';

export const wantedYoloFiles = ['model.onnx', 'config.yaml'];

export async function loadYolo(folder: ModelFolder, runtime: Runtime): Promise<ObjectDetector> {
  const { imageSize, ...config } = parseYoloConfig(new TextDecoder().decode(folder.file('config.yaml')));
  const session = await runtime.load(folder.file('model.onnx'));
  return objectDetector(session, { task: 'detect', kind: 'yolo', imageSize, ...config, notes: [] });
}
