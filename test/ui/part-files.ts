// Pictures of made-up parts as files for tests of pages.
import { type Defect, samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { encodePicture } from '../../src/vision/image/encode.ts';

export interface PartFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A PNG; each seed gives another part. */
export async function partFile(
  seed: number,
  { name = `part-${seed}.png`, size = 64, defect }: { name?: string; size?: number; defect?: Defect } = {},
): Promise<PartFile> {
  const { picture } = samplePart('textures', seed, defect, size);
  return { name, mimeType: 'image/png', buffer: Buffer.from(await encodePicture(picture, 'png')) };
}

export async function partFiles(count: number, firstSeed = 1): Promise<PartFile[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => partFile(firstSeed + i)));
}

/** As the client sends them. */
export const asUploads = (files: readonly PartFile[]) =>
  files.map(({ name, buffer, mimeType }) => ({
    name,
    data: new Blob([new Uint8Array(buffer)], { type: mimeType }),
  }));
