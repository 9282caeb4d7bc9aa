// The texts in a bundle: how to run the model anywhere, and whose weights it holds.
import type { EncoderName } from '../../vision/encoders/encoder.ts';
import { taskOf, thresholdOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';
import { objectsReadme } from './objects-readme.ts';

/** README.txt of a bundle. */
export function bundleReadme(record: ModelRecord, hasOnnx: boolean, isTiled = false): string {
  if (taskOf(record) === 'detect') return objectsReadme(record);
  const { model_id, img_size: size } = record;
  const { value, pixel_value } = thresholdOf(record);
  const head = `Model ${model_id}, made ${record.created_at}

threshold.json   a picture is anomalous when its score is above threshold_score, now ${value}
config.yaml      how the model was trained, and what is done to a picture before it
LICENCES.txt     whose weights are in it`;
  if (!hasOnnx)
    return `${head}

This model was taken over from another program and holds its weights alone; load them there, or with okapi-vision.
`;
  return `${head}
model.onnx       the whole model, from the levels of a picture to its score
model.safetensors  the same weights, by name
golden.png, golden.json  a picture and the score that the model gave it: run it first, to see that all is well

Any ONNX runtime runs model.onnx:
  input   pixels          uint8 [1, ${size}, ${size}, 3], RGB levels 0..255 as they are: normalisation is in the model.
                          Make the ${isTiled ? 'tile' : 'picture'} ${size} x ${size} by area (cv2.resize with INTER_AREA), not keeping the ratio.${isTiled ? tiled : ''}
  output  score           float32 [1], anomalous above ${value}
          map             float32 [1, ${size}, ${size}], anomalous pixels above ${pixel_value}
          reconstruction  float32, the part as the model thinks it should be, 0..1

In Python:
  import cv2, onnxruntime
  session = onnxruntime.InferenceSession('model.onnx')
  picture = cv2.cvtColor(cv2.imread('golden.png'), cv2.COLOR_BGR2RGB)
  small = cv2.resize(picture, (${size}, ${size}), interpolation=cv2.INTER_AREA)
  score, heat = session.run(['score', 'map'], {'pixels': small[None]})
  print(score[0], 'anomalous' if score[0] > ${value} else 'good')
`;
}

const tiled = `
                          This model looks at tiles of large pictures: config.yaml says how large they are and how far they
                          overlap. The score of a picture is the highest of its tiles; golden.png is a single tile.`;

/** LICENCES.txt of a bundle. */
export function licenceNotes({ encoder, objects }: ModelRecord): string {
  const known = encoder !== null && Object.hasOwn(notes, encoder);
  const note = known ? notes[encoder as EncoderName] : `Encoder: ${encoder ?? 'not recorded'}.`;
  const started = objects?.started_from ?? null;
  return `The trained part of this model belongs to whoever trained it.

${started === null ? (objects === undefined ? note : note.replace('"encoder."', '"trunk."')) : startedFrom(started)}
`;
}

const startedFrom = (
  file: string,
) => `The training started from the weights of ${file}, which was given by whoever trained it: their licence holds for
this model too. Weights that Ultralytics publishes are under AGPL-3.0, unless you have another licence from them.`;

const notes: Readonly<Record<EncoderName, string>> = {
  'dinov3-convnext-tiny': `The weights named "encoder." are those of DINOv3 ConvNeXt-Tiny by Meta, under the DINOv3 License. Whoever passes this
model on passes them on: keep to that licence, include a copy of it, and say that DINOv3 is used.
https://github.com/facebookresearch/dinov3/blob/main/LICENSE.md`,
  'mobilenetv3-coco': `The weights named "encoder." are the trunk of a detector from the npm package @vladmandic/human 3.3.6:

MIT License

Copyright (c) Vladimir Mandic

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  none: 'It holds no weights of others: it was trained from scratch.',
};
