// Models for tests of pages, trained for real over the API in seconds.
import { type SampleKind, samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { objectsPicture, tinyClasses } from '../../src/vision/detectors/yolo/testing/tiny-objects.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import type { PagesUnderTest } from './pages.ts';

export interface Trained {
  readonly project_id: string;
  readonly model_id: string;
}

const kind: SampleKind = 'boards';
/** Of the pictures. */
const side = 96;

/** A board as a PNG; with a defect something is missing or scratched. */
export async function board(seed: number, defect?: 'scratch' | 'missing'): Promise<Buffer> {
  return Buffer.from(await encodePicture(samplePart(kind, seed, defect, side).picture, 'png'));
}

const blobOf = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)]);

/** A model that knows good boards. */
export async function trainBoards(
  { client }: PagesUnderTest,
  {
    name = 'Boards',
    body = { method: 'subspace', img_size: 96 },
  }: { name?: string; body?: Parameters<PagesUnderTest['client']['trainProject']>[0]['body'] } = {},
): Promise<Trained> {
  const { project_id } = await client.createProject({ body: { name } });
  const files = [];
  for (let seed = 1; seed <= 6; seed++)
    files.push({ name: `good ${seed}.png`, data: blobOf(await board(seed)) });
  await client.uploadProjectImages({ project_id, files });
  const { job_id } = await client.trainProject({ project_id, body: body! });
  return { project_id, model_id: await modelOf(client, job_id) };
}

/** A detector of squares and discs that has learnt very little: it finds something under a low confidence. */
export async function trainObjects(
  { client }: PagesUnderTest,
  classes: readonly string[] = tinyClasses,
): Promise<Trained> {
  const { project_id } = await client.createProject({ body: { name: 'Objects', training_mode: 'yolo' } });
  const seeds = [1, 2, 3, 4, 5, 6];
  const files = [];
  for (const seed of seeds) files.push({ name: `${seed}.png`, data: blobOf(await objects(seed)) });
  await client.uploadProjectImages({ project_id, files });
  await client.putClasses({ project_id, body: { classes: [...classes] } });
  const { items } = await client.listProjectImages({ project_id });
  for (const { filename, display_name } of items) {
    const { picture, boxes } = objectsPicture(Number.parseInt(display_name, 10));
    await client.putLabel({
      project_id,
      filename,
      body: {
        image_width: picture.width,
        image_height: picture.height,
        boxes: boxes.map(({ classId, box: [x1, y1, x2, y2] }, i) => {
          return { id: `b${i}`, label: classes[classId]!, x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
        }),
      },
    });
  }
  await client.makeYoloDataset({ project_id });
  const body = { epochs: 1, img_size: 64, model_variant: 'okapi-n', conf: 0.001, batch: 2 } as const;
  const { job_id } = await client.trainYolo({ project_id, body });
  return { project_id, model_id: await modelOf(client, job_id) };
}

export async function objects(seed: number): Promise<Buffer> {
  return Buffer.from(await encodePicture(objectsPicture(seed).picture, 'png'));
}

async function modelOf(client: PagesUnderTest['client'], jobId: string): Promise<string> {
  const job = await client.untilJobEnds(jobId);
  if (job.model_id === undefined || job.status !== 'finished')
    throw new Error(`expected a model, got ${JSON.stringify(job)}`);
  return job.model_id;
}
