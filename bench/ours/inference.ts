// Full inference of one picture: JPEG bytes in; score, regions and an overlay JPEG out.
import { readFile } from 'node:fs/promises';
import { toOnnx } from '../../src/autodiff/index.ts';
import { inspectionGraph } from '../../src/vision/detectors/autoencoder/graphs.ts';
import { autoencoderDetector } from '../../src/vision/detectors/autoencoder/inspect.ts';
import { autoencoder } from '../../src/vision/detectors/autoencoder/network.ts';
import { renderPrediction } from '../../src/vision/detectors/render-prediction.ts';
import { dinov3ConvNextTiny } from '../../src/vision/encoders/dinov3-convnext.ts';
import { decodePicture } from '../../src/vision/image/decode.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import { openRuntime } from '../../src/vision/runtime/open-runtime.ts';
import { calibrateThreshold } from '../../src/vision/scoring/threshold.ts';
import { randomDinov3 } from './random-dinov3.ts';
import { serve } from './serve.ts';

const imageSize = 256;
const jpeg = await readFile(process.argv[2]!);
const network = autoencoder(dinov3ConvNextTiny(randomDinov3()), 1);
const runtime = await openRuntime({ device: 'cpu', threads: 2 });
const plane = (value: number) => new Float32Array(imageSize * imageSize).fill(value);
const residuals = { mean: plane(0.1), spread: plane(0.05) };
const detector = autoencoderDetector(
  await runtime.load(toOnnx(inspectionGraph(network, imageSize, residuals))),
  {
    task: 'anomaly',
    kind: 'autoencoder',
    encoder: network.encoder.name,
    imageSize,
    threshold: calibrateThreshold({
      scores: [0.2, 0.25, 0.3],
      peaks: [0.3, 0.4, 0.5],
      source: 'held-out',
      targetFalseAlarmRate: null,
    }),
    imported: false,
    notes: [],
  },
);
await serve(async () => {
  const picture = await decodePicture(jpeg);
  const [prediction] = await detector.predict([picture]);
  const { overlay } = renderPrediction(picture, prediction!, detector.model);
  const bytes = await encodePicture(overlay, 'jpeg');
  return { score: prediction!.score, overlayBytes: bytes.length };
});
