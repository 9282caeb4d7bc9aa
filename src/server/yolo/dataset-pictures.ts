// The pictures of a dataset with their boxes, to be looked at.
import type { Readable } from 'node:stream';
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { folderOf, needVersion } from './dataset-documents.ts';
import type { ManifestPicture } from './dataset-record.ts';
import { readManifest } from './pin-dataset.ts';

export interface DatasetPicture {
  /** Its name among the files of the dataset. */
  readonly file: string;
  readonly name: string;
  readonly split: 'train' | 'val';
  readonly url: string;
  readonly width: number;
  readonly height: number;
  /** Shares of the picture. */
  readonly boxes: readonly {
    readonly label: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
}

const baseName = ({ file }: ManifestPicture) => file.slice(file.lastIndexOf('/') + 1);

/** Its name among the files of the dataset. */
export const pictureFile = (picture: ManifestPicture): string => `${picture.split}-${baseName(picture)}`;

/** The address of the picture, for as long as the project's dataset holds it. */
export const pictureUrl = (projectId: string, picture: ManifestPicture): string =>
  `/projects/${projectId}/yolo/dataset/pictures/${pictureFile(picture)}`;

/** Those of a split, of a class, or of both. Throws project.not_found, project.wrong_mode, yolo.no_dataset, doc.corrupt. */
export async function datasetPictures(
  context: Context,
  projectId: string,
  { split, label }: { readonly split?: 'train' | 'val'; readonly label?: string },
): Promise<readonly DatasetPicture[]> {
  const { version } = await needVersion(context, projectId);
  const { pictures, classes } = await readManifest(context, projectId, version);
  const wanted = label === undefined ? null : classes.indexOf(label);
  return pictures
    .filter((picture) => split === undefined || picture.split === split)
    .filter(({ boxes }) => wanted === null || boxes.some(([classId]) => classId === wanted))
    .map((picture) => ({
      file: pictureFile(picture),
      name: picture.name,
      split: picture.split,
      url: pictureUrl(projectId, picture),
      width: picture.width,
      height: picture.height,
      boxes: picture.boxes.map(([classId, x1, y1, x2, y2]) => ({
        label: classes[classId] ?? String(classId),
        ...{ x: x1, y: y1, width: x2 - x1, height: y2 - y1 },
      })),
    }));
}

export interface OpenDatasetPicture {
  readonly hash: string;
  readonly sizeBytes: number;
  readonly extension: string;
  open(range?: { readonly start: number; readonly end: number }): Promise<Readable>;
}

/** Throws as datasetPictures, and image.not_found. */
export async function openDatasetPicture(
  context: Context,
  projectId: string,
  name: string,
): Promise<OpenDatasetPicture> {
  const { version } = await needVersion(context, projectId);
  const { pictures } = await readManifest(context, projectId, version);
  const found = pictures.find((picture) => pictureFile(picture) === name);
  if (found === undefined)
    throw new ServerError(
      'image.not_found',
      `the dataset has no picture ${JSON.stringify(name.slice(0, 100))}`,
    );
  const key = `${folderOf(projectId, version)}/${found.file}`;
  return {
    hash: found.picture.hash,
    sizeBytes: found.picture.bytes,
    extension: found.file.slice(found.file.lastIndexOf('.')),
    open: (range) => context.blobs.open(key, range),
  };
}
