// Routes about the server itself.
import { defaultLimits as checkpointLimits } from '../../vision/checkpoint/limits.ts';
import { archiveLimits } from '../../vision/dataset/detection/archive-directory.ts';
import { labelLimits } from '../../vision/dataset/detection/labels.ts';
import { LARGEST_TILE, LEAST_TILE } from '../../vision/scoring/tile-plan.ts';
import { mostDetections } from '../../vision/yolo/detection-graph.ts';
import { variantNames } from '../../vision/yolo/variants.ts';
import { ServerError } from '../contract/errors.ts';
import { openApiDocument } from '../contract/open-api.ts';
import { trainingLimits } from '../contract/training.ts';
import { yoloLimits } from '../contract/yolo.ts';
import { docsFile, docsPage } from './docs-page.ts';
import type { Handlers } from './handler.ts';
import { jsonLimits } from './json-body.ts';
import { docsPolicy } from './security.ts';
import { hasUi } from './ui.ts';

const mib = 2 ** 20;

export const systemHandlers: Handlers<
  'root' | 'health' | 'healthz' | 'readyz' | 'metrics' | 'limits' | 'docs' | 'docsFile' | 'openApi'
> = {
  root: async ({ reply }) => reply.redirect((await hasUi()) ? '/ui/projects' : '/docs', 302),
  health: async () => ({ ok: true }),
  healthz: async () => ({ ok: true }),

  async readyz({ services: { readiness } }) {
    if (readiness.state === 'stopping') throw new ServerError('server.stopping', 'the server is stopping');
    return { ready: true };
  },

  async metrics({ services: { metrics }, reply }) {
    return reply.type(metrics.contentType).send(await metrics.text());
  },

  async limits({ services: { context } }) {
    const { uploads, jobs, inference, rate_limits } = context.config;
    return {
      uploads: {
        allowed_extensions: uploads.allowed_extensions,
        max_files: uploads.max_files_per_upload,
        max_file_bytes: Math.floor(uploads.max_file_size_mb * mib),
        max_total_bytes: Math.floor(uploads.max_total_size_mb * mib),
        max_megapixels: uploads.max_megapixels,
        decode_timeout_seconds: uploads.decode_timeout_seconds,
      },
      datasets: {
        max_zip_bytes: archiveLimits.packedBytes,
        max_unpacked_bytes: archiveLimits.unpackedBytes,
        max_entries: archiveLimits.entries,
        max_ratio: archiveLimits.ratio,
        max_label_file_bytes: labelLimits.bytes,
        max_boxes_per_image: labelLimits.boxes,
        max_classes: labelLimits.classes,
      },
      json: { max_bytes: jsonLimits.maxBytes, max_depth: jsonLimits.maxDepth },
      training: {
        min_img_size: trainingLimits.minImgSize,
        max_img_size: trainingLimits.maxImgSize,
        max_epochs: trainingLimits.maxEpochs,
        min_tile_size: LEAST_TILE,
        max_tile_size: LARGEST_TILE,
        max_defect_size: trainingLimits.maxDefectSize,
      },
      yolo: {
        variants: [...variantNames],
        min_img_size: yoloLimits.minImgSize,
        max_img_size: yoloLimits.maxImgSize,
        img_size_step: yoloLimits.imgSizeStep,
        max_epochs: yoloLimits.maxEpochs,
        max_batch: yoloLimits.maxBatch,
        max_detections_per_image: mostDetections,
        max_weights_bytes: checkpointLimits.bytes,
      },
      jobs: {
        max_workers: jobs.max_workers,
        max_queued: jobs.max_queued,
        max_memory_mb: jobs.max_memory_mb,
        max_hours: jobs.max_hours,
      },
      inference: {
        max_waiting_requests: inference.max_waiting_requests,
        preview_hours: inference.preview_hours,
      },
      rate_limits,
      page: { max_items: 500 },
    };
  },

  async docs({ reply }) {
    reply.header('content-security-policy', docsPolicy).type('text/html; charset=utf-8');
    return reply.send(docsPage);
  },

  async docsFile({ params, reply }) {
    const { contentType, bytes } = await docsFile(params.file);
    return reply.header('cache-control', 'private, max-age=3600').type(contentType).send(bytes);
  },

  async openApi({ services, reply }) {
    return reply.type('application/json').send(JSON.stringify(openApiDocument(services.version)));
  },
};
