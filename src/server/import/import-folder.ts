// Imports a folder of pictures into a project: plain, or laid out as MVTec AD is. The folder itself is only read.
import { copyFile, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { type DatasetFiles, listDataset } from '../../vision/dataset/folder.ts';
import { OkapiError } from '../../vision/errors.ts';
import { checkBytes, type PictureLimits } from '../../vision/image/decode.ts';
import { ServerError } from '../contract/errors.ts';
import { addImages } from '../datasets/add-images.ts';
import { getImage } from '../datasets/get-image.ts';
import type { Mark, StagedFile, UploadVerdict } from '../datasets/image-record.ts';
import { changeImage } from '../datasets/mark-image.ts';
import { type Probes, pictureLimits } from '../datasets/probes.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { createProject } from '../projects/create-project.ts';
import { cleanLine } from '../projects/display-text.ts';
import { listProjects } from '../projects/list-projects.ts';
import type { ProjectRecord } from '../projects/project.ts';

export interface FolderImport {
  /** Local path. */
  readonly folder: string;
  /** The name or the id of a project; one of this name is made when there is none. */
  readonly project: string;
  readonly signal?: AbortSignal;
  /** How many pictures the folder has. */
  readonly onStart?: (count: number) => void;
  readonly onVerdict?: (verdict: FolderVerdict) => void;
}

export interface FolderVerdict extends UploadVerdict {
  /** Path below the folder. */
  readonly file: string;
}

export interface FolderAnswer {
  readonly project: ProjectRecord;
  /** Whether the project is new. */
  readonly made: boolean;
}

/** Records are written once for so many pictures: a stop in between loses no more than these. */
const batchSize = 25;

interface Source {
  readonly file: string;
  /** Below the folder. */
  readonly name: string;
  readonly mark: Mark | null;
  /** Of good pictures to test with: trainings leave them out. */
  readonly holdout?: true;
}

/**
 * Pictures of train/good and test/good are marked OK, those of test/DEFECT NG; those of test/good are held out of trainings. Plain folders give no marks. Again on the same
 * folder it adds only what is new; marks that people gave stay. Throws dataset.not_found, dataset.layout, request.invalid
 * when several projects have the name, the signal's reason.
 */
export async function importFolder(
  { context, probes }: { context: Context; probes: Probes },
  { folder, project, signal, onStart = () => {}, onVerdict = () => {} }: FolderImport,
  actor: Actor,
): Promise<FolderAnswer> {
  const sources = sourcesOf(resolve(folder), await listDataset(folder));
  const target = await projectNamed(context, project, actor);
  const owner: Owner = { kind: 'project', id: target.project.project_id };
  onStart(sources.length);
  for (let at = 0; at < sources.length; at += batchSize) {
    const batch = sources.slice(at, at + batchSize);
    const { items } = await addImages({ context, probes }, owner, staged(context, batch, signal), actor);
    for (const [i, item] of items.entries()) {
      const { name } = batch[i]!;
      if (item.status === 'duplicate') await markUnmarked(context, owner, item, batch[i]!, actor);
      onVerdict({ ...item, file: name });
    }
  }
  return target;
}

function sourcesOf(folder: string, { train, test }: DatasetFiles): Source[] {
  const isLaidOut = train.some((file) => relative(folder, file).includes(sep)) || test.length > 0;
  const source = (file: string, mark: Mark | null): Source => ({ file, name: relative(folder, file), mark });
  return [
    ...train.map((file) => source(file, isLaidOut ? 'ok' : null)),
    ...test.map(
      ({ file, defect }): Source =>
        defect === null ? { ...source(file, 'ok'), holdout: true } : source(file, 'ng'),
    ),
  ];
}

async function projectNamed(context: Context, wanted: string, actor: Actor): Promise<FolderAnswer> {
  const name = cleanLine(wanted, 'project', 120);
  const projects = await listProjects(context);
  const known = projects.filter((one) => one.name === name || one.project_id === name);
  if (known.length > 1)
    throw new ServerError(
      'request.invalid',
      `expected one project named "${name}", got ${known.length}; name one by its id: ${known.map(({ project_id }) => project_id).join(', ')}`,
    );
  const [project] = known;
  if (project) return { project, made: false };
  return { project: await createProject(context, { name }, actor), made: true };
}

/** Copies, since what is uploaded is moved. */
async function* staged(
  context: Context,
  sources: readonly Source[],
  signal: AbortSignal | undefined,
): AsyncGenerator<StagedFile> {
  const limits = pictureLimits(context.config);
  for (const { file, name, mark, holdout } of sources) {
    signal?.throwIfAborted();
    const displayName = name.split(sep).join('-');
    const { path, release } = context.workspace.stage();
    try {
      const sizeBytes = await copied(file, path, limits);
      yield { displayName, path, sizeBytes, release, ...(mark && { mark }), ...(holdout && { holdout }) };
    } catch (error) {
      await release();
      if (!(error instanceof OkapiError)) throw error;
      yield { displayName, refused: { code: error.code, detail: error.message } };
    }
  }
}

async function copied(from: string, to: string, limits: PictureLimits): Promise<number> {
  try {
    const { size } = await stat(from);
    checkBytes(size, limits);
    await copyFile(from, to);
    return size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof OkapiError) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new ServerError('disk.full', 'the disk is full');
    throw new OkapiError('disk.io_error', `cannot read the file ${basename(from)} (${code})`, {
      cause: error,
    });
  }
}

/** A picture that is there already without a mark gets the one that its folder tells. */
async function markUnmarked(
  context: Context,
  owner: Owner,
  { filename }: UploadVerdict,
  { mark, holdout }: Source,
  actor: Actor,
): Promise<void> {
  if (mark === null) return;
  const { mark: present } = await getImage(context, owner, filename!);
  if (present === undefined) await changeImage(context, owner, filename!, { mark, holdout }, actor);
}
