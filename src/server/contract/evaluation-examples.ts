// Examples of evaluations for the API's document.
const modelId = 'widget-line-20261123-101500-20261123-103000';
const stored = '0cc175b9c0f1b6a831c399e269772661.png';
const url = `/static/projects/widget-line-20261123-101500/raw/${stored}`;
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const picture = { filename: stored, display_name: 'gear 7.png', url, truth: 'ng' };
const verdict = { score: 6.02, is_anomaly: true };

const evaluation = {
  task: 'anomaly' as const,
  evaluation_id: '2b6f0c1d8e9a4b3c7d5e6f708192a3b4',
  model_id: modelId,
  created_at: '2026-11-23T12:00:00.000Z',
  by: 'local',
  threshold: 4.21,
  dataset_sha256: sha256,
  counts: { ok: 40, ng: 12, seen: 24, untested: 0, left_out: 0 },
  good_side: 'pictures' as const,
  note: '24 marked pictures are left out, because a model has learnt from them',
  figures: {
    image_auroc: { value: 0.981, interval: [0.94, 1] },
    average_precision: { value: 0.96 },
    best_f1: { value: 0.92, threshold: 4.4 },
    pixel_auroc: { value: 0.97 },
    aupro: { value: null, reason: 'there are no usable masks of the defects' },
    false_alarm_rate: { value: 0.05, interval: [0.006, 0.169] },
    recall: { value: 0.917, interval: [0.615, 0.998] },
    precision: { value: 0.846 },
  },
  suggestion: { threshold: 4.4, false_alarms: 1, of_good: 40, missed: 1, of_ng: 12 },
  confusion: { true_positives: 11, false_positives: 2, true_negatives: 38, false_negatives: 1 },
  masks: { used: 5, missing: 7, refused: 0 },
};

const figures = { map50: 0.93, map50_95: 0.61, precision: 0.9, recall: 0.88, f1: 0.89 };
const curve = { precisionByRecall: [1, 0.8], precision: [0.7, 1], recall: [0.95, 0.4], f1: [0.81, 0.57] };

const objects = {
  task: 'detect' as const,
  evaluation_id: '5d5e6f708192a3b42b6f0c1d8e9a4b3c',
  model_id: 'widget-line-20261123-101500-yolo-20261123-103000',
  created_at: '2026-11-23T12:00:00.000Z',
  by: 'local',
  conf: 0.25,
  iou: 0.45,
  dataset_version: 'v-0cc175b9c0f1b6a831c399e269772661',
  dataset_sha256: sha256,
  split: 'val' as const,
  counts: { pictures: 1, boxes: 1, seen: 0, untested: 0 },
  chose_best_epoch: false,
  note: null,
  figures: { ...figures, best_confidence: 0.41 },
};

const objectsDetail = {
  ...objects,
  report: {
    ...figures,
    bestConfidence: 0.41,
    perClass: [{ name: 'scratch', truths: 1, pictures: 1, detections: 4, ap50: 0.93, ap50_95: 0.61 }].map(
      (row) => ({ ...row, precision: 0.9, recall: 0.88, f1: 0.89 }),
    ),
    curves: { recalls: [0, 1], confidences: [0, 1], classes: [curve], mean: curve },
    confusion: {
      confidence: 0.25,
      iou: 0.45,
      counts: [
        [0, 1],
        [1, 0],
      ],
    },
    counts: { pictures: 1, truths: 1, detections: 4 },
    classesWithoutTruth: [],
  },
  pictures: [
    {
      filename: `val-${stored}`,
      display_name: 'gear 7.png',
      url: `/projects/widget-line-20261123-101500/yolo/dataset/pictures/val-${stored}`,
      width: 640,
      height: 480,
      counts: { found: 0, confused: 0, missed: 1, extra: 1 },
      truths: [{ label: 'scratch', bbox: [10, 20, 60, 80], outcome: 'missed' }],
      detections: [{ label: 'scratch', confidence: 0.61, bbox: [300, 20, 350, 80], outcome: 'extra' }],
    },
  ],
  untested: [],
};

export const evaluationExamples = {
  objects,
  objectsDetail,
  options: { unseen_by: ['widget-line-20261123-101500-20261124-090000'] },
  evaluation,
  list: { items: [evaluation] },
  detail: {
    ...evaluation,
    pictures: [{ ...picture, ...verdict }],
    untested: [],
    refused_masks: [],
    histogram: { edges: [0, 5, 10], ok: [39, 1], ng: [2, 10] },
    roc: [
      { score: null, false_positive_rate: 0, true_positive_rate: 0 },
      { score: 6.02, false_positive_rate: 0, true_positive_rate: 1 },
    ],
    precision_recall: [{ score: 6.02, precision: 1, recall: 1 }],
  },
  comparison: {
    dataset_sha256: sha256,
    models: [evaluation, { ...evaluation, model_id: 'widget-line-20261123-101500-20261124-090000' }],
    against_first: [
      {
        model_id: 'widget-line-20261123-101500-20261124-090000',
        auroc_difference: { value: 0.012, interval: [-0.004, 0.03] },
        only_this_right: 3,
        only_first_right: 1,
      },
    ],
    pictures: [
      {
        ...picture,
        differs: true,
        verdicts: [
          { ...verdict, ratio: 1.43 },
          { score: 2.1, is_anomaly: false, ratio: 0.7 },
        ],
      },
    ],
  },
  hygiene: {
    dataset_sha256: sha256,
    checked_at: '2026-11-23T10:18:00.000Z',
    checked: 24,
    left_out: 0,
    unread: [],
    flags: [
      {
        kind: 'odd',
        filename: stored,
        display_name: 'gear 7.png',
        url,
        figure: 47.4,
        typical: 17,
        other: null,
        sentence:
          'A place in it is 2.8 times as unlike all the other pictures as is usual here: look whether the part is good.',
      },
    ],
    notes: [],
  },
  inspected: {
    filename: 'gear 7.png',
    score: 6.02,
    thr: 4.21,
    threshold: 4.21,
    is_anomaly: true,
    is_uncertain: false,
    uncertain: { low: 3.9, high: 4.6 },
    image_url: `/static/preview/${modelId}/9b2e6c1f40d34a7f8e5d2c3b1a0f9e8d.jpg`,
    heatmap_url: `/static/preview/${modelId}/3f1d5a7c9e2b4860b1c3d5e7f9a0b2c4.jpg`,
    overlay_url: `/static/preview/${modelId}/c4a2e0f8d6b4927081e3c5a7f9b1d3e5.jpg`,
    result_image: `/static/preview/${modelId}/c4a2e0f8d6b4927081e3c5a7f9b1d3e5.jpg`,
    bboxes: [[212, 96, 40, 38]],
    regions: [{ bbox: [212, 96, 40, 38], area: 1104, peak: 9.7 }],
    pixel_threshold: 3.8,
    map_url: `/static/preview/${modelId}/1a2b3c4d5e6f708192a3b4c5d6e7f809.npy`,
    reconstruction_url: null,
    detections: [],
    result_id: null,
  },
  drift: {
    model_id: modelId,
    results: 200,
    verdict: 'drifted',
    score: {
      recent: { median: 2.4, deviation: 0.5, count: 200 },
      calibration: { median: 2.3, deviation: 0.4, count: 24 },
      shift: 0.25,
      verdict: 'stable',
      sentence: 'The score of the last 200 results is as at the calibration.',
    },
    brightness: {
      recent: { median: 0.41, deviation: 0.01, count: 200 },
      calibration: { median: 0.47, deviation: 0.02, count: 24 },
      shift: -3,
      verdict: 'drifted',
      sentence:
        'The median brightness of the last 200 results is 3.0 deviations below the calibration: something has changed; look at lamp, lens and parts, and train again if the change is meant.',
    },
    sharpness: {
      recent: null,
      calibration: null,
      shift: null,
      verdict: 'unknown',
      sentence:
        'Nothing to compare the sharpness with: the pictures that the model learnt from are not known, or gone.',
    },
  },
};
