// A dataset as one ZIP archive in the usual layout, with the names that its pictures came with.
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { OpenFile } from '../models/open-model-file.ts';
import type { Context } from '../platform/context.ts';
import { folderOf, holdVersion, needVersion } from './dataset-documents.ts';
import { type ManifestPicture, yamlName } from './dataset-record.ts';
import { readManifest } from './pin-dataset.ts';

/**
 * Nothing is compressed, since pictures hardly shrink, so the size is known beforehand. The version stays while the stream is
 * open. Throws project.not_found, project.wrong_mode, yolo.no_dataset, dataset.changed, doc.corrupt.
 */
export async function openDatasetZip(
  context: Context,
  projectId: string,
): Promise<OpenFile & { readonly version: string }> {
  const { version, created_at } = await needVersion(context, projectId);
  const release = holdVersion(context, version);
  try {
    const { pictures, yaml } = await readManifest(context, projectId, version);
    const zip = new ZipFile();
    const add = (file: string, name: string, size: number) =>
      zip.addReadStreamLazy(name, { mtime: new Date(created_at), compress: false, size }, (done) => {
        const key = `${folderOf(projectId, version)}/${file}`;
        context.blobs.open(key).then((stream) => done(null, stream), done as never);
      });
    add(yamlName, yamlName, yaml.bytes);
    for (const { stem, extension, picture } of named(pictures)) {
      add(picture.file, `${picture.split}/images/${stem}.${extension}`, picture.picture.bytes);
      add(picture.labelFile, `${picture.split}/labels/${stem}.txt`, picture.label.bytes);
    }
    const sizeBytes = await new Promise<number>((resolve) => zip.end(undefined, resolve as () => void));
    const stream = zip.outputStream as Readable;
    zip.on('error', (error: Error) => stream.destroy(error));
    stream.once('close', release);
    return {
      stream,
      filename: `${projectId}-dataset.zip`,
      contentType: 'application/zip',
      sizeBytes,
      version,
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Names as the user wrote them, as far as every system takes them, unique within the archive. */
function* named(
  pictures: readonly ManifestPicture[],
): Generator<{ readonly stem: string; readonly extension: string; readonly picture: ManifestPicture }> {
  const taken = new Set<string>();
  for (const picture of pictures) {
    const extension = picture.file.slice(picture.file.lastIndexOf('.') + 1);
    const plain = plainStem(picture.name);
    let stem = plain;
    for (let n = 2; taken.has(`${picture.split}/${stem.toLowerCase()}`); n++) stem = `${plain}-${n}`;
    taken.add(`${picture.split}/${stem.toLowerCase()}`);
    yield { stem, extension, picture };
  }
}

function plainStem(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  const plain = base.replace(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*\\/]/gu, '_').replace(/^[. ]+|[. ]+$/g, '');
  return plain.slice(0, 100) || 'picture';
}
