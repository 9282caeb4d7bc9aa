// Draws made-up parts for a sample project: what the child does, in plain values.
import { writeFile } from 'node:fs/promises';
import { type Defect, type SampleKind, samplePart } from '../../vision/dataset/sample-parts.ts';
import { encodePicture } from '../../vision/image/encode.ts';

export interface SamplePartToDraw {
  readonly kind: SampleKind;
  readonly seed: number;
  readonly defect?: Defect;
  /** Local files to write: the picture, and where the defect is. */
  readonly path: string;
  readonly maskPath?: string;
}

export interface SamplePartsRequest {
  readonly parts: readonly SamplePartToDraw[];
  /** Side of the pictures in pixels. */
  readonly size: number;
}

/** How many pictures were written, as PNG. */
export async function drawSampleParts({ parts, size }: SamplePartsRequest): Promise<number> {
  for (const { kind, seed, defect, path, maskPath } of parts) {
    const { picture, mask } = samplePart(kind, seed, defect, size);
    await writeFile(path, await encodePicture(picture, 'png'));
    if (maskPath === undefined || mask === null) continue;
    const data = new Uint8Array(3 * mask.length);
    mask.forEach((value, i) => {
      data.fill(value, 3 * i, 3 * i + 3);
    });
    await writeFile(maskPath, await encodePicture({ width: size, height: size, data }, 'png'));
  }
  return parts.length;
}
