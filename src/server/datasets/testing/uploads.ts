// Uploads for tests: pictures made on the spot, staged as the API stages them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePicture } from '../../../vision/image/encode.ts';
import { gradientPicture } from '../../../vision/image/testing/files.ts';
import type { Context } from '../../platform/context.ts';
import type { Owner } from '../../platform/queue/job.ts';
import { createProject } from '../../projects/create-project.ts';
import { testActor } from '../../testing/context.ts';
import { addImages, type UploadAnswer } from '../add-images.ts';
import type { StagedFile } from '../image-record.ts';
import type { Probes } from '../probes.ts';

export interface SentFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A PNG that differs from that of any other seed. */
export async function picture(seed: number, width = 40, height = 30): Promise<Buffer> {
  const made = gradientPicture(width, height);
  made.data.set(createHash('sha256').update(String(seed)).digest());
  return Buffer.from(await encodePicture(made, 'png'));
}

export async function* staged(context: Context, files: Iterable<SentFile>): AsyncGenerator<StagedFile> {
  for (const { name, bytes } of files) {
    const { path, release } = context.workspace.stage();
    await writeFile(path, bytes);
    yield { displayName: name, path, sizeBytes: bytes.length, release };
  }
}

export function upload(
  context: Context,
  probes: Probes,
  owner: Owner,
  files: readonly SentFile[],
): Promise<UploadAnswer> {
  return addImages({ context, probes }, owner, staged(context, files), testActor);
}

export async function newProject(context: Context, name = 'parts'): Promise<Owner> {
  const { project_id } = await createProject(context, { name }, testActor);
  return { kind: 'project', id: project_id };
}

/** Names of what lies in the staging folder. */
export function stagedNow(context: Context): string[] {
  const folder = join(context.config.tmp_dir, 'staging');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Names of the files in raw/ on the disk, the index left out. */
export function storedNow(context: Context, { kind, id }: Owner): string[] {
  const { projects_dir, datasets_dir } = context.config;
  const folder = join(kind === 'project' ? projects_dir : datasets_dir, id, 'raw');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== '_index.json') : [];
}
