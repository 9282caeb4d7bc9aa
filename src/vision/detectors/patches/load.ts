// Opens trained patch detectors.
import type { Runtime } from '../../../autodiff/runtime.ts';
import type { ModelFolder } from '../../checkpoint/model-folder.ts';
import { readThreshold } from '../../scoring/threshold-file.ts';
import type { AnomalyDetector } from '../detector.ts';
import { parseConfig } from '../model-config.ts';
import { patchDetector } from './inspect.ts';

export const wantedPatchFiles = ['model.onnx', 'config.yaml', 'threshold.json'];

export async function loadPatches(folder: ModelFolder, runtime: Runtime): Promise<AnomalyDetector> {
  const text = (name: string) => new TextDecoder().decode(folder.file(name));
  const config = parseConfig(text('config.yaml'));
  const threshold = readThreshold(text('threshold.json'));
  const session = await runtime.load(folder.file('model.onnx'));
  return patchDetector(session, {
    task: 'anomaly',
    kind: config.detector!,
    encoder: config.encoder ?? 'none',
    imageSize: config.imageSize,
    threshold,
    imported: false,
    notes: [],
  });
}
