// A whole training run of the original's recipe on the pictures of a folder: 5 epochs, batch 8, 256 px, DINOv3.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '../../src/vision/checkpoint/safetensors.ts';
import { listPictures } from '../../src/vision/dataset/folder.ts';
import { trainDetector } from '../../src/vision/detectors/train-detector.ts';
import { randomDinov3 } from './random-dinov3.ts';
import { serve } from './serve.ts';

const pictures = await listPictures(process.argv[2]!);
const folder = await mkdtemp(join(tmpdir(), 'okapi-bench-run-'));
const weightsFile = join(folder, 'dinov3.safetensors');
await writeFile(weightsFile, writeSafetensors(randomDinov3()));
let run = 0;
await serve(async () => {
  run++;
  const trained = await trainDetector({
    kind: 'autoencoder',
    pictures,
    folder: join(folder, `model-${run}`),
    stateFolder: join(folder, `state-${run}`),
    resume: false,
    device: 'cpu',
    threads: 2,
    encoderSource: { folders: [], weightsFile },
    settings: { encoder: 'dinov3-convnext-tiny', epochs: 5, batchSize: 8, imageSize: 256 },
  });
  return {
    pictures: trained.pictures.used,
    bestLoss: trained.bestLoss,
    threshold: trained.task === 'anomaly' && trained.threshold.value,
  };
});
await rm(folder, { recursive: true, force: true });
