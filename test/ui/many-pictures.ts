// A project with thousands of pictures, made without uploading any: records and previews straight on the disk.
import { createHash } from 'node:crypto';
import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';
import type { PagesUnderTest } from './pages.ts';

const kinds = 8;
const previewSide = 320;

/** The id of the project. Its previews are those of a few parts, each under many names; there are no originals. */
export async function projectOfMany(
  { client, folder }: Pick<PagesUnderTest, 'client' | 'folder'>,
  count: number,
): Promise<string> {
  const { project_id } = await client.createProject({ body: { name: `${count} pictures` } });
  const home = join(folder, 'data/projects', project_id);
  await mkdir(join(home, 'raw'), { recursive: true });
  await mkdir(join(home, 'thumbnails'), { recursive: true });
  const previews = await Promise.all(
    Array.from({ length: kinds }, async (_, seed) => {
      const { picture } = samplePart('boards', seed, undefined, previewSide);
      const path = join(home, `preview-${seed}.webp`);
      await writeFile(path, await encodePicture(picture, 'webp', { quality: 80 }));
      return path;
    }),
  );
  const files: Record<string, object> = {};
  for (let n = 0; n < count; n++) {
    const id = createHash('md5').update(String(n)).digest('hex');
    const filename = `${id}.png`;
    const name = `board ${String(n).padStart(5, '0')}.png`;
    files[filename] = {
      id,
      filename,
      display_name: name,
      original_name: name,
      uploaded_at: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
      hash: id,
      size: 60_000,
      width: 1024,
      height: 1024,
      ...(n % 7 === 0 ? { mark: 'ng' } : n % 3 === 0 ? { mark: 'ok' } : {}),
    };
    await link(previews[n % kinds]!, join(home, 'thumbnails', `${filename}.webp`));
  }
  await writeFile(join(home, 'raw/_index.json'), JSON.stringify({ files }));
  return project_id;
}
