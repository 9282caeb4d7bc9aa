// Writes folders as the original app does, for tests.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DeterministicTensor, deterministicValues } from '../../../autodiff/testing/deterministic.ts';
import { torchPieces } from '../../../vision/checkpoint/torch-writer.ts';
import { blake2b16 } from '../../../vision/dataset/blake2b.ts';
import { picture } from '../../datasets/testing/uploads.ts';

export async function write(
  folder: string,
  path: string,
  content: Uint8Array | string | object,
): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  const isRaw = typeof content === 'string' || content instanceof Uint8Array;
  await writeFile(file, isRaw ? content : JSON.stringify(content));
}

/** Pictures with their index, in the folder of a project or scene. Returns the stored names. */
export async function writeImages(folder: string, home: string, seeds: readonly number[]): Promise<string[]> {
  const files: Record<string, object> = {};
  for (const seed of seeds) {
    const bytes = await picture(seed);
    const id = blake2b16(bytes);
    const stored = `${id}.png`;
    await write(folder, `${home}/raw/${stored}`, bytes);
    files[stored] = {
      id,
      filename: stored,
      display_name: `part ${seed}.png`,
      original_name: `part ${seed}.png`,
      uploaded_at: '2025-05-01T10:00:00.123456',
      hash: id,
      size: bytes.length,
    };
  }
  await write(folder, `${home}/raw/_index.json`, { files });
  return Object.keys(files);
}

export async function writeProject(folder: string, id: string, changes: object = {}): Promise<void> {
  await write(folder, `projects/${id}/meta.json`, {
    project_id: id,
    name: 'Widget line',
    description: 'Gear inspection',
    created_at: '2025-05-01T09:00:00',
    training_mode: 'anomaly',
    last_model_id: null,
    ...changes,
  });
}

/** A model of the original that really loads: the older net at 64 px. */
export async function writeModel(folder: string, path: string, config = 'img_size: 64\n'): Promise<void> {
  const fixture = new URL('../../../vision/detectors/fixtures/original-legacy.json', import.meta.url);
  const { parameters }: { parameters: readonly DeterministicTensor[] } = JSON.parse(
    await readFile(fixture, 'utf8'),
  );
  const tensors = new Map(
    parameters.map(
      (p) => [p.name, { dtype: 'float32', shape: p.shape, data: deterministicValues(p) }] as const,
    ),
  );
  await write(folder, `${path}/model.pt`, Buffer.concat(torchPieces(tensors)));
  await write(folder, `${path}/config.yaml`, config);
  const threshold = { threshold_score: 0.2, threshold_mse: 0.2, score_type: 'mix', val_size: 8 };
  await write(folder, `${path}/threshold.json`, threshold);
}

/** Every file below a folder with the SHA-256 of its bytes. */
export async function filesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const row = async (file: string) => {
    const digest = createHash('sha256').update(await readFile(file));
    return [file.slice(folder.length + 1), digest.digest('hex')] as const;
  };
  return new Map(await Promise.all(files.sort().map(row)));
}
