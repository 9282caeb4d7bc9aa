// README.txt in the bundle of an object detector: how to run it anywhere.
import { thresholdOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';

export function objectsReadme(record: ModelRecord): string {
  const { model_id, created_at, img_size: size, objects } = record;
  const { value: conf, iou } = thresholdOf(record);
  const { variant, classes } = objects!;
  return `Model ${model_id} (${variant}), made ${created_at}

threshold.json   the least confidence (conf) and the overlap above which the surer box of a class stays (iou), as they are now
config.yaml      how the model was trained, its classes, and what is done to a picture before it
metrics.json     how well it found the objects of the val pictures
LICENCES.txt     whose weights are in it
model.onnx       the whole model, from the levels of a picture to its objects
model.safetensors  the same weights, by name
golden.png, golden.json  a picture and what the model found in it: run it first, to see that all is well

Any ONNX runtime runs model.onnx:
  input   pixels   uint8 [1, ${size}, ${size}, 3], RGB levels 0..255 as they are: normalisation is in the model.
                   Letterbox: the longer side to ${size} pixels and the shorter side in proportion (rounded, at least 1), by area
                   when the picture shrinks (cv2.INTER_AREA) and bilinear when it grows; centred, an odd pixel to the right
                   or below; the border has the level 114.
          conf     float32 [1], now ${conf}
          iou      float32 [1], now ${iou}
  output  boxes    float32 [300, 4]: x1, y1, x2, y2 in pixels of the letterboxed picture
          scores   float32 [300], classes  int64 [300], the surest first
          count    int64 [1]: so many rows hold objects
Suppression is in the model. The classes, from 0 on: ${classes.map((name) => JSON.stringify(name)).join(', ')}

In Python:
  import cv2, numpy, onnxruntime
  session = onnxruntime.InferenceSession('model.onnx')
  picture = cv2.cvtColor(cv2.imread('golden.png'), cv2.COLOR_BGR2RGB)
  height, width = picture.shape[:2]
  scale = ${size} / max(width, height)
  w, h = max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))
  method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
  left, top = (${size} - w) // 2, (${size} - h) // 2
  pixels = numpy.full((1, ${size}, ${size}, 3), 114, numpy.uint8)
  pixels[0, top:top + h, left:left + w] = cv2.resize(picture, (w, h), interpolation=method)
  thresholds = {'conf': numpy.float32([${conf}]), 'iou': numpy.float32([${iou}])}
  boxes, scores, classes, count = session.run(['boxes', 'scores', 'classes', 'count'], {'pixels': pixels, **thresholds})
  for box, score, label in zip(boxes[:count[0]], scores, classes):
    x1, y1, x2, y2 = (box - [left, top, left, top]) * [width / w, height / h, width / w, height / h]
    print(label, score, x1, y1, x2, y2)
`;
}
