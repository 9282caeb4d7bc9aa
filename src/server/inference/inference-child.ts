// The program of the inference child: holds loaded detectors and inspects the pictures it is asked about.
import { OkapiError, openRuntime } from '../../vision/index.ts';
import { ServerError } from '../contract/errors.ts';
import { serveRequests } from '../platform/child-pool.ts';
import { DetectorCache } from './detector-cache.ts';
import { decodeWithin, inspectPicture, readPictureFile } from './inspect-picture.ts';
import type {
  ChildSettings,
  InferenceAnswer,
  InferenceOutcome,
  InferenceRequest,
} from './inspect-request.ts';
import { estimateBytes, loadStoredModel } from './load-stored-model.ts';
import { PixelBudget } from './pixel-budget.ts';

const settings = JSON.parse(process.argv[2]!) as ChildSettings;
const { device, threads, memoryBytes, limits, decodeTimeoutMs } = settings;
const detectors = new DetectorCache(memoryBytes);
const budget = new PixelBudget(limits.maxPixels);
const runtime = openRuntime({ device, ...(threads !== null && { threads }) });

serveRequests<InferenceRequest, InferenceAnswer>(async (request) => {
  const source = {
    id: request.model.id,
    bytes: estimateBytes(request.model),
    open: async () => loadStoredModel(request.model, await runtime),
  };
  const outcome = await detectors.use<InferenceOutcome>(source, async (detector, wasLoaded) => {
    if (request.do === 'load') return { kind: 'loaded', wasLoaded };
    try {
      const file = await readPictureFile(request.picture, settings);
      return await budget.run(file.pixels, async () => {
        const picture = await decodeWithin(file, limits, decodeTimeoutMs);
        const { judgedBy, previews } = request;
        const inspected = await inspectPicture(detector, picture, judgedBy, previews);
        return { kind: 'inspected', wasLoaded, ...inspected } as const;
      });
    } catch (error) {
      return refusal(error);
    }
  });
  return { ...outcome, detectors: detectors.held };
});

/** Errors that are about the picture; others are thrown. */
function refusal(error: unknown): InferenceOutcome {
  const isOurs = error instanceof OkapiError || error instanceof ServerError;
  if (!isOurs || !error.code.startsWith('image.')) throw error;
  // A decoder cannot be stopped: this process ends, soon after the answer has left, and takes it along.
  if (error.code === 'image.decode_timeout') setTimeout(() => process.exit(1), 100);
  return { kind: 'refused', code: error.code, detail: error.message };
}
