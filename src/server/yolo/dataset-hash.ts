// What a dataset is known by to the models that learn from it: a hash over all, and the pictures by their contents.
import { createHash } from 'node:crypto';
import type { DatasetManifest, ManifestPicture } from './dataset-record.ts';

/** SHA-256 over the pictures and labels by their contents, and the names of the classes. */
export function datasetHash({ classes, pictures }: DatasetManifest): string {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { file, label } of pictures) hash.update(`\n${file} ${label.hash}`);
  return hash.digest('hex');
}

/** The pictures that a training learns from, by the hashes of their bytes. */
export function learntPictures({ pictures }: DatasetManifest): string[] {
  return [...new Set(pictures.filter(({ split }) => split === 'train').map(hashOf))].sort();
}

export const hashOf = ({ picture }: ManifestPicture): string => picture.hash;
