// A project to try everything with: made-up parts, drawn in a child, some of them defective and with their masks.
import { stat } from 'node:fs/promises';
import { Random } from '../../autodiff/random.ts';
import { type Defect, defectsOf } from '../../vision/dataset/sample-parts.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import type { Actor } from '../platform/audit.ts';
import { ChildPool } from '../platform/child-pool.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { createProject } from '../projects/create-project.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { getProject } from '../projects/get-project.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { addImages } from './add-images.ts';
import type { SamplePartsRequest, SamplePartToDraw } from './draw-sample-parts.ts';
import type { StagedFile } from './image-record.ts';
import { putMask } from './masks.ts';
import type { Probes } from './probes.ts';

interface Services {
  readonly context: Context;
  readonly probes: Probes;
}

interface StagedPart extends SamplePartToDraw {
  readonly name: string;
}

const KIND = 'boards';
const SIDE = 256;
const GOOD = 24;
const PER_DEFECT = 1;
const SEED = 20_260;
const DRAWING_MS = 120_000;

/** Whole or not at all. The parts are the same each time. Throws server.stopping. */
export async function createSampleProject(
  services: Services,
  { name = 'Sample parts' }: { readonly name?: string },
  actor: Actor,
): Promise<ProjectRecord> {
  const { context } = services;
  const releases: (() => Promise<void>)[] = [];
  const stage = () => {
    const { path, release } = context.workspace.stage();
    releases.push(release);
    return path;
  };
  try {
    const parts = partsToDraw(stage);
    await draw({ parts, size: SIDE });
    const { project_id } = await createProject(context, { name }, actor);
    const owner = { kind: 'project', id: project_id } as const;
    try {
      await addParts(services, owner, parts, actor);
    } catch (error) {
      await deleteProject(context, project_id, { confirm: name, force: true }, actor);
      throw error;
    }
    return await getProject(context, project_id);
  } finally {
    await Promise.all(releases.map((release) => release()));
  }
}

function partsToDraw(stage: () => string): StagedPart[] {
  const seeds = new Random(SEED).fork('sample project');
  const part = (name: string, defect?: Defect): StagedPart => ({
    kind: KIND,
    seed: seeds.bits(),
    path: stage(),
    name,
    ...(defect === undefined ? {} : { defect, maskPath: stage() }),
  });
  const numbered = (text: string, n: number) => `${text}-${String(n + 1).padStart(2, '0')}.png`;
  const good = Array.from({ length: GOOD }, (_, n) => part(numbered('board', n)));
  const bad = defectsOf(KIND).flatMap((defect) =>
    Array.from({ length: PER_DEFECT }, (_, n) => part(numbered(`board-${defect}`, n), defect)),
  );
  return [...good, ...bad];
}

/** A child for this one time: nobody makes sample projects all day. */
async function draw(request: SamplePartsRequest): Promise<void> {
  const pool = new ChildPool<SamplePartsRequest, number>({
    module: moduleBeside(import.meta.url, './sample-parts-child'),
    size: 1,
    timeoutMs: DRAWING_MS,
    priority: 'normal',
  });
  try {
    await pool.ask(request);
  } finally {
    await pool.close();
  }
}

async function addParts(
  services: Services,
  owner: Owner,
  parts: readonly StagedPart[],
  actor: Actor,
): Promise<void> {
  const { items } = await addImages(services, owner, staged(parts), actor);
  for (const [i, { maskPath, name }] of parts.entries()) {
    if (maskPath === undefined) continue;
    const { size: sizeBytes } = await stat(maskPath);
    const file = { displayName: name, path: maskPath, sizeBytes };
    await putMask(services, owner, items[i]!.filename!, file, actor);
  }
}

async function* staged(parts: readonly StagedPart[]): AsyncGenerator<StagedFile> {
  for (const { name, path, defect } of parts) {
    const { size: sizeBytes } = await stat(path);
    yield { displayName: name, path, sizeBytes, mark: defect === undefined ? 'ok' : 'ng' };
  }
}
