// Pictures of what a training draws by now, stored as previews under names that cannot be guessed.
import { encodePicture } from '../../vision/image/encode.ts';
import { fitWithin } from '../../vision/image/fit-within.ts';
import type { Picture } from '../../vision/image/picture.ts';
import type { TrainingEvent } from '../../vision/training/events.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobAttempt } from '../platform/queue/job-queue.ts';

type Sample = Extract<TrainingEvent, { type: 'sample' }>;

const LARGEST_SIDE = 256;
/** What no training of ours draws. */
const MOST_PIXELS = 2048 ** 2;

/** Stores samples one after the other; `done` resolves once none is left. A sample that cannot be stored is passed over. */
export function sampleStore(context: Context, attempt: JobAttempt) {
  let storing = Promise.resolve();
  let waiting = 0;
  return {
    add(sample: Sample): void {
      // A child that draws more than can be stored does not fill the memory.
      if (waiting > 1 || tooLarge(sample.picture) || tooLarge(sample.reconstruction)) return;
      waiting++;
      storing = storing
        .then(() => store(context, attempt, sample))
        .catch((error: unknown) => context.log.warn({ err: error }, 'a sample could not be stored'))
        .then(() => void waiting--);
    },
    done: () => storing,
  };
}

async function store(context: Context, attempt: JobAttempt, sample: Sample): Promise<void> {
  const { model_id } = attempt.job;
  const [picture_url, reconstruction_url] = [
    await put(context, model_id, sample.picture),
    await put(context, model_id, sample.reconstruction),
  ];
  attempt.emit({ type: 'sample', epoch: sample.epoch, picture_url, reconstruction_url });
}

async function put({ blobs, ids }: Context, modelId: string, picture: Picture): Promise<string> {
  const name = `${ids.random()}.png`;
  await blobs.put(
    blobKeys.preview(modelId, name),
    await encodePicture(fitWithin(picture, LARGEST_SIDE), 'png'),
  );
  return `/static/preview/${modelId}/${name}`;
}

const tooLarge = ({ width, height }: Picture) => width * height > MOST_PIXELS || width * height < 1;
