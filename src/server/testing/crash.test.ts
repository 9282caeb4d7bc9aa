import { beforeAll, describe, expect, it } from 'vitest';
import type { StoreDisk } from '../platform/docs/store-disk.ts';
import { allKept, allLost, CrashDisk, type DiskContent, listing } from './crash-disk.ts';
import { type Flow, flows, namedBlobs } from './crash-flows.ts';
import { checkAfterStart, wholeDisk, worldOf } from './crash-world.ts';
import type { SampleRecords } from './sample-records.ts';

const data = '/server/data/';

let whole: DiskContent;
let sample: SampleRecords;
beforeAll(async () => {
  ({ whole, sample } = await wholeDisk());
});

interface Ack {
  readonly what: string;
  /** How many steps the disk had been asked for. */
  readonly steps: number;
}

/** Runs a flow to its end; `wrap` may put a disk in between that is worse than it should be. */
async function traced(flow: Flow, wrap: (disk: CrashDisk) => StoreDisk = (disk) => disk) {
  const disk = new CrashDisk(whole);
  const acks: Ack[] = [];
  const running = worldOf(wrap(disk), sample, flow, 1);
  await flow.run(running, (what) => acks.push({ what, steps: disk.steps.length }));
  return { disk, acks };
}

class PowerCuts {
  /** Distinct disks that were checked. */
  readonly states = new Set<string>();
  readonly failures: string[] = [];
  readonly #flow: Flow;
  readonly #checked = new Set<string>();

  readonly #stopAtFailure: boolean;

  constructor(flow: Flow, { stopAtFailure = false }: { readonly stopAtFailure?: boolean } = {}) {
    this.#flow = flow;
    this.#stopAtFailure = stopAtFailure;
  }

  /** Every disk that a power cut in this run could have left, and another cut in the start after it. */
  async check(disk: CrashDisk, acks: readonly Ack[]): Promise<this> {
    for (let count = 0; count <= disk.steps.length; count++) {
      if (this.#stopAtFailure && this.failures.length > 0) break;
      const acked = new Set(acks.filter(({ steps }) => steps <= count).map(({ what }) => what));
      for (const cut of disk.cutsAt(count)) {
        const name = `step ${count}, ${cut.name}`;
        const after = new CrashDisk(disk.after(count, cut));
        const steps = await this.#start(after, acked, name);
        for (let again = 1; again <= steps; again++)
          for (const second of [allLost, allKept])
            await this.#start(
              new CrashDisk(after.after(again, second)),
              acked,
              `${name}, then step ${again}`,
            );
      }
    }
    return this;
  }

  async #start(disk: CrashDisk, acked: ReadonlySet<string>, name: string): Promise<number> {
    const state = JSON.stringify([...listing(disk.content())]);
    const asked = `${acked.size} ${state}`;
    if (this.#checked.has(asked)) return 0;
    this.#checked.add(asked);
    this.states.add(state);
    try {
      return await checkAfterStart(this.#flow, disk, sample, acked);
    } catch (error) {
      this.failures.push(`${name}: ${(error as Error).message}`);
      return 0;
    }
  }
}

/** Blobs that a record named before they were sure to be there: at each rename that makes a record. */
function namedTooEarly(disk: CrashDisk): string[] {
  return disk.steps.flatMap((step, count) => {
    if (step.do !== 'rename' || !step.to.name.endsWith('.json')) return [];
    const now = listing(disk.after(count + 1, allKept));
    const sure = listing(disk.after(count, allLost));
    return [...now].flatMap(([path, content]) => {
      if (!path.endsWith(`/${step.to.name}`) || !path.startsWith(data)) return [];
      const names = namedBlobs(path.slice(data.length), JSON.parse(content) as never);
      const early = names.filter(
        (key) => now.has(data + key) && sure.get(data + key) !== now.get(data + key),
      );
      return early.map((key) => `${path} named ${key}`);
    });
  });
}

describe('a power cut', () => {
  let total = 0;

  it.each(flows.map((flow) => [flow.name, flow] as const))(
    'at any moment of %s leaves the old or the new, and all that was acknowledged',
    async (_, flow) => {
      const { disk, acks } = await traced(flow);
      expect(acks.length).toBeGreaterThan(0);
      const { states, failures } = await new PowerCuts(flow).check(disk, acks);
      expect(failures).toEqual([]);
      total += states.size;
    },
    60_000,
  );

  it('was simulated in at least 1,500 distinct states', () => {
    console.log(`states in all: ${total}`);
    expect(total).toBeGreaterThanOrEqual(1500);
  });

  it.each(flows.map((flow) => [flow.name, flow] as const))(
    'in %s finds no record that names a file before it was synced',
    async (_, flow) => {
      expect(namedTooEarly((await traced(flow)).disk)).toEqual([]);
    },
  );

  // Each is a fault that such stores have had: the states above must show it.
  const worse: readonly (readonly [string, string, (disk: CrashDisk) => StoreDisk])[] = [
    [
      'files are not synced',
      'upload',
      (disk) => override(disk, { create: noSync(disk), syncFile: async () => {} }),
    ],
    ['folders are not synced', 'projects created', (disk) => override(disk, { syncFolder: async () => {} })],
    [
      'files are synced only after the rename',
      'labels',
      (disk) =>
        override(disk, {
          create: noSync(disk),
          rename: async (from, to) => {
            await disk.rename(from, to);
            await disk.syncFile(to);
          },
        }),
    ],
    [
      'files that are taken over are not synced',
      'model stored',
      (disk) => override(disk, { syncFile: async () => {} }),
    ],
    [
      'journals are not synced',
      'projects created',
      (disk) => override(disk, { append: noSync(disk, 'append') }),
    ],
  ];

  it.each(worse)('is not survived when %s', async (_, name, wrap) => {
    const flow = flows.find((found) => found.name.includes(name))!;
    const { disk, acks } = await traced(flow, wrap);
    const { failures } = await new PowerCuts(flow, { stopAtFailure: true }).check(disk, acks);
    expect(failures.length).toBeGreaterThan(0);
  });
});

function override(disk: CrashDisk, changed: Partial<StoreDisk>): StoreDisk {
  return new Proxy<StoreDisk>(disk, {
    get: (target, name: keyof StoreDisk) => changed[name] ?? target[name].bind(target),
  });
}

const noSync =
  (disk: CrashDisk, how: 'create' | 'append' = 'create') =>
  async (path: string) => ({ ...(await disk[how](path)), sync: async () => {} });
