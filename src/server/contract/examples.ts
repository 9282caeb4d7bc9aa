// What requests and answers look like, shown in the API's document.
const project = {
  project_id: 'widget-line-20261123-101500',
  name: 'widget-line',
  description: 'Gear inspection',
  created_at: '2026-11-23T10:15:00.000Z',
  num_images: 24,
  last_model_id: 'widget-line-20261123-101500-20261123-103000',
  training_mode: 'anomaly',
};

const id = '0cc175b9c0f1b6a831c399e269772661';
const stored = `${id}.png`;
const image = {
  id,
  filename: stored,
  display_name: 'gear 7.png',
  url: `/static/projects/${project.project_id}/raw/${stored}`,
  size: 183_204,
  uploaded_at: '2026-11-23T10:16:00.000Z',
  width: 1024,
  height: 1024,
  mark: null,
};

const model = {
  model_id: project.last_model_id,
  mode: 'project',
  scene_id: null,
  project_id: project.project_id,
  created_at: '2026-11-23T10:30:00.000Z',
  img_size: 256,
  epochs_run: 30,
  lr: 0.0001,
  threshold: 4.21,
  note: null,
  base_model_id: null,
  training_mode: 'anomaly',
  path: `projects/${project.project_id}/models/${project.last_model_id}`,
};

const job = {
  status: 'running',
  progress: 0.42,
  detail: 'epoch 13 of 30',
  job_id: '5f0c2b7de1b94b6f9e3c1d2a4b6c8d0e',
  kind: 'train',
  project_id: project.project_id,
  scene_id: null,
  seconds_left: 71,
  attempt: 1,
  created_at: '2026-11-23T10:20:00.000Z',
  started_at: '2026-11-23T10:20:01.000Z',
  finished_at: null,
  created_by: 'local',
  decided_by: null,
};

const preview = `/static/preview/${model.model_id}`;
const testItem = {
  filename: 'gear 8.jpg',
  score: 6.02,
  thr: 4.21,
  threshold: 4.21,
  is_anomaly: true,
  image_url: `${preview}/9b2e6c1f40d34a7f8e5d2c3b1a0f9e8d.png`,
  heatmap_url: `${preview}/3f1d5a7c9e2b4860b1c3d5e7f9a0b2c4.png`,
  overlay_url: `${preview}/c4a2e0f8d6b4927081e3c5a7f9b1d3e5.png`,
  result_image: `${preview}/c4a2e0f8d6b4927081e3c5a7f9b1d3e5.png`,
  bboxes: [[212, 96, 40, 38]],
  detections: [],
  result_id: '8c1f0e2d4b6a79583f1e2d4c6b8a7f90',
};

const result = {
  result_id: testItem.result_id,
  at: '2026-11-23T11:00:00.000Z',
  by: 'local',
  model_id: model.model_id,
  filename: testItem.filename,
  score: testItem.score,
  threshold: testItem.threshold,
  is_anomaly: true,
  regions: 1,
  feedback: 'false_alarm',
  image_url: testItem.image_url,
  heatmap_url: testItem.heatmap_url,
  overlay_url: testItem.overlay_url,
};

const label = {
  filename: stored,
  image_width: 1024,
  image_height: 1024,
  boxes: [{ id: 'b1', label: 'scratch', x: 0.2, y: 0.1, width: 0.05, height: 0.08 }],
  updated_at: '2026-11-23T10:40:00.000Z',
};

const uploaded = [
  { name: 'gear 7.png', status: 'stored', id, filename: stored, url: image.url },
  { name: 'notes.txt', status: 'rejected', code: 'image.unsupported_type', detail: 'not a picture' },
];

export const examples = {
  ok: { ok: true },
  ready: { ready: true },
  project,
  newProject: { name: 'widget-line', description: 'Gear inspection' },
  image,
  images: { items: [image] },
  mark: { mark: 'ok' },
  markedImage: { ...image, mark: 'ok' },
  projectUpload: { saved: 1, project_id: project.project_id, items: uploaded },
  sceneUpload: {
    saved: 1,
    scene_id: 'pump-01',
    items: [{ ...uploaded[0], url: `/static/datasets/pump-01/raw/${stored}` }],
  },
  sceneImages: {
    items: [{ ...image, url: `/static/datasets/pump-01/raw/${stored}` }],
  },
  sceneImage: { ...image, url: `/static/datasets/pump-01/raw/${stored}`, mark: 'ok' },
  sceneTraining: { scene_id: 'pump-01', img_size: 256, epochs: 30, lr: 0.0001 },
  projectTraining: { img_size: 256, epochs: 40, lr: 0.00005 },
  startedJob: { job_id: job.job_id },
  job,
  jobs: { items: [job] },
  canceledJob: { ...job, status: 'canceled', finished_at: '2026-11-23T10:21:00.000Z' },
  approvedJob: { ...job, status: 'queued', progress: 0, started_at: null, decided_by: 'anna' },
  rejection: { reason: 'the pictures are out of focus' },
  events: `id: 12\nevent: state\ndata: {"type":"state","job_id":"${job.job_id}","state":"running","detail":null,"at":"${job.started_at}"}\n\n`,
  model,
  models: [model],
  modelDetail: {
    ...model,
    detector: 'autoencoder',
    encoder: 'mobilenetv3-coco',
    imported: false,
    job_id: job.job_id,
    dataset_sha256: null,
    thresholds: [
      {
        value: 4.21,
        pixel_value: 3.8,
        at: model.created_at,
        by: 'system',
        reason: 'calibration',
        target_false_alarm_rate: null,
      },
    ],
    files: [
      {
        name: 'model.onnx',
        bytes: 6_812_004,
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    ],
  },
  threshold: { target_false_alarm_rate: 0.01, note: 'fewer false alarms on line 2' },
  test: { model_id: model.model_id, items: [testItem] },
  importedModel: { model_id: 'import-20261123-101800', filename: 'base.safetensors' },
  result,
  results: { items: [result] },
  feedback: { feedback: 'false_alarm' },
  classes: { classes: ['scratch', 'dent'] },
  label,
  newLabel: { image_width: 1024, image_height: 1024, boxes: label.boxes },
  labels: { items: [label], classes: ['scratch', 'dent'] },
  yoloDataset: {
    ready: true,
    train_images: 80,
    val_images: 20,
    classes: ['scratch', 'dent'],
    yaml_path: null,
    note: null,
    updated_at: '2026-11-23T10:50:00.000Z',
  },
  yoloTraining: { epochs: 100, img_size: 640 },
  limits: {
    uploads: {
      allowed_extensions: ['.jpg', '.jpeg', '.png'],
      max_files: 200,
      max_file_bytes: 33_554_432,
      max_total_bytes: 536_870_912,
      max_megapixels: 50,
      decode_timeout_seconds: 5,
    },
    json: { max_bytes: 1_048_576, max_depth: 32 },
    training: { min_img_size: 64, max_img_size: 1024, max_epochs: 10_000 },
    jobs: { max_workers: 2, max_queued: 100, max_memory_mb: 4096, max_hours: 24 },
    inference: { max_waiting_requests: 64, preview_hours: 24 },
    rate_limits: { uploads_per_minute: 60, deletes_per_minute: 60, failed_downloads_per_minute: 8 },
    page: { max_items: 500 },
  },
} as const;
