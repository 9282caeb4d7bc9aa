// Datasets are unpacked and checked in child processes, two at a time, under caps of memory and time.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { type ChildCaps, type ChildFailureTable, ChildPool, orRefused } from '../platform/child-pool.ts';
import type { BuildRequest, BuiltDataset } from './build-dataset.ts';

export interface DatasetBuilds {
  /** Throws the zip.*, dataset.* and disk.* errors; then files may be left in the folder. */
  build(request: BuildRequest): Promise<BuiltDataset>;
  close(): Promise<void>;
}

/** Three pictures of the largest size are decoded at a time; 200,000 files take most of an hour. */
const defaultCaps: ChildCaps = { memoryBytes: 4 * 2 ** 30, timeoutMs: 3600_000 };

export function openDatasetBuilds(caps: ChildCaps = defaultCaps): DatasetBuilds {
  const pool = new ChildPool<BuildRequest, BuiltDataset>({
    module: moduleBeside(import.meta.url, './dataset-child'),
    size: 2,
    ...caps,
  });
  return {
    build: (request) => orRefused(pool.ask(request), failures),
    close: () => pool.close(),
  };
}

const failures: ChildFailureTable = {
  timeout: ['dataset.too_large', 'the dataset took too long to check'],
  memory: ['dataset.too_large', 'the dataset needed more memory than there is to check it'],
  crashed: ['dataset.pictures', 'the program that checks the dataset ended over it'],
};
