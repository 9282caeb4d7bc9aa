// Archives at the limits of what an upload may hold (rows C10, C11 and C33), read whole as the child of an upload reads them:
//   npx tsx scripts/zip-limits.ts [empty pairs most entries folders depth]
// Prints time and the largest resident set; each archive is read by a process of its own. Ends with 1 when an outcome is
// another than expected.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDetectionArchive } from '../src/vision/dataset/detection/read-archive.ts';
import { blocksFile, plainDataset } from '../src/vision/dataset/detection/testing/dataset-files.ts';
import { type ZipEntry, zipFile } from '../src/vision/dataset/detection/testing/zip-file.ts';
import { OkapiError } from '../src/vision/errors.ts';

interface Row {
  readonly what: string;
  readonly entries: () => Promise<readonly ZipEntry[]>;
  /** A code, or null when it is read. */
  readonly expected: string | null;
}

const stored = (name: string, content: Uint8Array | string = ''): ZipEntry => ({
  name,
  content,
  stored: true,
});
const range = (count: number) => [...Array(count).keys()];
const plain = async () =>
  Object.entries(await plainDataset()).map(([name, content]) => stored(name, content));
const picture = await blocksFile(1);
/** Each picture with bytes of its own, behind the end of the PNG. */
const another = (i: number) => Buffer.concat([picture, Buffer.from(String(i))]);
const pairs = (count: number, content: (i: number) => Uint8Array) =>
  range(count).flatMap((i) => [
    stored(`train/images/${i}.png`, content(i)),
    stored(`train/labels/${i}.txt`, '0 0.5 0.5 0.5 0.5\n'),
  ]);

const rows: Readonly<Record<string, Row>> = {
  empty: {
    what: 'C10: 100,000 entries of 0 bytes beside a dataset',
    entries: async () => [...(await plain()), ...range(100_000).map((i) => stored(`other/${i}.txt`))],
    expected: null,
  },
  pairs: {
    what: 'C10: 50,000 pictures and 50,000 label files',
    entries: async () => [stored('data.yaml', 'names: [a]'), ...pairs(50_000, another)],
    expected: null,
  },
  most: {
    what: '200,000 entries, as many as may be',
    entries: async () => {
      const dataset = await plain();
      return [...dataset, ...range(200_000 - dataset.length).map((i) => stored(`other/${i}.bin`))];
    },
    expected: null,
  },
  entries: {
    what: 'C11: 200,001 entries',
    entries: async () => range(200_001).map((i) => stored(`${i}.txt`)),
    expected: 'zip.too_large',
  },
  folders: {
    what: 'C33: 1,000,000 folders and nothing else',
    entries: async () => range(1_000_000).map((i) => stored(`${i}/`)),
    expected: 'zip.malformed',
  },
  depth: {
    what: 'C33: 500 folders deep',
    entries: async () => [...(await plain()), stored(`${'a/'.repeat(500)}b.txt`)],
    expected: 'zip.unsafe_path',
  },
};

const [asked = '', path = ''] = process.argv.slice(2);
if (asked === '--read') {
  const startedMs = performance.now();
  const folder = join(path, '..', 'unpacked');
  const outcome = await readDetectionArchive(path, folder, { allowPartial: false }).then(
    ({ pictures }) => [null, `${pictures.length} pictures`],
    (error: unknown) => {
      if (!(error instanceof OkapiError)) throw error;
      return [error.code, error.message.slice(0, 100)];
    },
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const { user, system } = process.cpuUsage();
  const busy = ((user + system) / 1e6).toFixed(1);
  const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  console.log(JSON.stringify([...outcome, `${seconds} s (${busy} s of processors), ${peak} MiB`]));
} else for (const name of asked === '' ? Object.keys(rows) : process.argv.slice(2)) await tell(rows[name]!);

async function tell({ what, entries, expected }: Row): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'okapi-zip-limits-'));
  const list = await entries();
  const archive = join(dir, 'parts.zip');
  writeFileSync(archive, zipFile(list, { count: Math.min(list.length, 0xffff), count64: list.length }));
  const args = [...process.execArgv, process.argv[1]!, '--read', archive];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  if (stdout === '') throw new Error(stderr);
  const [code, words, cost] = JSON.parse(stdout) as [string | null, string, string];
  const isRight = code === expected;
  if (!isRight) process.exitCode = 1;
  console.log(`${isRight ? 'right' : 'WRONG'}  ${what}: ${code ?? 'read'}, ${words}; ${cost}`);
}
