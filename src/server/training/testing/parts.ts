// Good sample parts as the images of a project or scene, without the way through an upload.
import { samplePart } from '../../../vision/dataset/sample-parts.ts';
import { encodePicture } from '../../../vision/image/encode.ts';
import type { ImageRecord } from '../../datasets/image-record.ts';
import type { Context } from '../../platform/context.ts';
import { blobKeys, docKeys } from '../../platform/layout.ts';
import type { Owner } from '../../platform/queue/job.ts';
import type { ProjectRecord, TrainingMode } from '../../projects/project.ts';

type Stores = Pick<Context, 'docs' | 'blobs'>;

export const project = (id: string): Owner => ({ kind: 'project', id });

export async function putProject({ docs }: Stores, id: string, training_mode: TrainingMode = 'anomaly') {
  const record: ProjectRecord = {
    project_id: id,
    name: id,
    description: null,
    created_at: '2026-01-02T03:04:05.000Z',
    training_mode,
    last_model_id: null,
  };
  await docs.put(docKeys.project(id), { ...record });
}

/** Different parts for different seeds, 80 pixels square. Returns their stored names. */
export async function putParts(
  { docs, blobs }: Stores,
  owner: Owner,
  count: number,
  seed = 100,
): Promise<string[]> {
  const files: Record<string, ImageRecord> = {};
  for (let i = 0; i < count; i++) {
    const { picture } = samplePart('boards', seed + i, undefined, 80);
    const bytes = await encodePicture(picture, 'png');
    const id = (seed + i).toString(16).padStart(32, '0');
    const filename = `${id}.png`;
    await blobs.put(blobKeys.image(owner, filename), bytes);
    files[filename] = {
      id,
      filename,
      display_name: `part ${i}.png`,
      original_name: `part ${i}.png`,
      uploaded_at: '2026-01-02T03:04:05.000Z',
      hash: id,
      size: bytes.length,
    };
  }
  await docs.put(docKeys.images(owner), { files });
  return Object.keys(files);
}
