// Times Okapi against the same work in PyTorch, the two taking turns, and prints a table. Without python3-torch only ours.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { trainingEnvironment } from '../src/vision/training/child-training.ts';
import { Cores, nearAndFar } from './cores.ts';
import { writePictures } from './pictures.ts';

interface Case {
  readonly name: string;
  /** Counted turns of each side, after one that is not counted. */
  readonly turns: number;
  /** What the issue asks for: ours / PyTorch at most this. */
  readonly goal: string;
  /** Ours runs in the environment of trainings, as it does in the product. */
  readonly trains?: true;
  readonly ours: readonly string[];
  readonly pytorch: readonly string[];
}

interface Answer {
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

const folder = mkdtempSync(join(tmpdir(), 'okapi-bench-'));
const cases: readonly Case[] = [
  {
    name: 'DINOv3 ConvNeXt-T forward, batch 1, 256 px',
    turns: 15,
    goal: '<= 0.33',
    ours: ['encoder-forward.ts', '1'],
    pytorch: ['encoder_forward.py', '--batch', '1'],
  },
  {
    name: 'DINOv3 ConvNeXt-T forward, batch 8, 256 px',
    turns: 7,
    goal: '',
    ours: ['encoder-forward.ts', '8'],
    pytorch: ['encoder_forward.py', '--batch', '8'],
  },
  {
    name: 'decoder train step, batch 8, 256 px',
    turns: 9,
    goal: '<= 0.85, <= 1.5 GB',
    trains: true,
    ours: ['decoder-step.ts'],
    pytorch: ['decoder_step.py'],
  },
  {
    name: 'yolov8n train step, batch 8, 320 px',
    turns: 9,
    goal: '<= 1.0, memory <= 1.2',
    trains: true,
    ours: ['yolo-step.ts'],
    pytorch: ['yolo_step.py'],
  },
  {
    name: 'yolov8n forward, one picture of 640 px',
    turns: 15,
    goal: '<= 0.5',
    ours: ['yolo-forward.ts'],
    pytorch: ['yolo_forward.py'],
  },
  {
    name: 'full inference, one 512 px JPEG, DINOv3',
    turns: 9,
    goal: '<= 0.5',
    ours: ['inference.ts', join(folder, 'one.jpg')],
    pytorch: ['inference.py', '--picture', join(folder, 'one.jpg')],
  },
  {
    name: 'whole training, 60 pictures, 5 epochs, DINOv3',
    turns: 1,
    goal: '<= 0.4',
    trains: true,
    ours: ['training-run.ts', join(folder, 'parts')],
    pytorch: ['training_run.py', '--pictures', join(folder, 'parts')],
  },
];

/** A program that answers JSON lines; the first says that it is ready. */
class Measured {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[], env = process.env) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    await this.#next();
  }

  async run(): Promise<Answer> {
    this.#child.stdin!.write('{"run":1}\n');
    return this.#next();
  }

  close(): void {
    this.#child.stdin!.end();
  }

  async #next(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('a measured program ended early; its message stands above');
    return JSON.parse(value) as Answer;
  }
}

/** The threads of the program that ran before spin for a while, in wait of more work: nobody is timed beside them. */
async function afterRest(program: Measured): Promise<Answer> {
  await new Promise((rested) => setTimeout(rested, 200));
  return program.run();
}

/** Debian's own interpreter has python3-torch; another may stand first in the PATH. */
function pythonWithTorch(): string | null {
  for (const python of ['/usr/bin/python3', 'python3']) {
    try {
      execFileSync(python, ['-c', 'import torch, cv2'], { stdio: 'ignore' });
      return python;
    } catch {
      // the next one
    }
  }
  return null;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

async function measure(one: Case, python: string | null): Promise<string> {
  const program = join(import.meta.dirname, 'ours', one.ours[0]!);
  const ours = new Measured(
    process.execPath,
    ['--import', 'tsx', program, ...one.ours.slice(1)],
    one.trains ? trainingEnvironment() : process.env,
  );
  const theirs =
    python === null
      ? null
      : new Measured(python, [
          join(import.meta.dirname, 'pytorch', one.pytorch[0]!),
          ...one.pytorch.slice(1),
        ]);
  const rounds: { ours: Answer; theirs: Answer | null; tripUs: number }[] = [];
  const cores = new Cores();
  try {
    await ours.ready();
    await theirs?.ready();
    const warmUp = one.turns > 1 ? 1 : 0;
    for (let turn = -warmUp; turn < one.turns; turn++) {
      const seconds = { ours: await afterRest(ours), theirs: theirs ? await afterRest(theirs) : null };
      const round = { ...seconds, tripUs: await cores.roundTrip() };
      if (turn >= 0) rounds.push(round);
      if (process.stderr.isTTY) process.stderr.write(`\r${one.name}: ${turn + 1} of ${one.turns}   `);
    }
  } finally {
    ours.close();
    theirs?.close();
    await cores.close();
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
  const own = rounds.map((round) => round.ours.seconds[0]!);
  const cells = [one.name, `${median(own).toFixed(3)} s`, megabytes(rounds.at(-1)!.ours.peakBytes)];
  if (!rounds[0]!.theirs) return `| ${[...cells, '-', '-', '-', one.goal, '-'].join(' | ')} |`;
  const other = rounds.map((round) => round.theirs!.seconds[0]!);
  const ratios = own.map((seconds, i) => seconds / other[i]!);
  const compared = [
    `${median(other).toFixed(3)} s`,
    megabytes(rounds.at(-1)!.theirs!.peakBytes),
    median(ratios).toFixed(2),
  ];
  const turns = rounds.map(({ tripUs }, i) => ({ tripUs, ratio: ratios[i]! }));
  return `| ${[...cells, ...compared, one.goal, byDistance(turns)].join(' | ')} |`;
}

/** The ratio of the turns in which the two cores shared a cache, and of those in which they did not. */
function byDistance(turns: readonly { tripUs: number; ratio: number }[]): string {
  return nearAndFar(turns)
    .map((group) => {
      const [trip, ratio] = [group.map((turn) => turn.tripUs), group.map((turn) => turn.ratio)];
      return `${median(ratio).toFixed(2)} in ${group.length} at ${median(trip).toFixed(2)} us`;
    })
    .join(', ');
}

const wanted = process.argv.slice(2);
const python = pythonWithTorch();
if (python === null)
  console.error('python3-torch and python3-opencv are not installed: only Okapi is timed.');
try {
  await writePictures(folder);
  const [cpu] = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpu!.model.trim()}, ${platform()} ${arch()}, Node ${process.version}\n`,
  );
  console.log(
    '| case | Okapi, median | peak memory | PyTorch, median | peak memory | ratio, median | goal | ratio by the time between two cores and back |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const one of cases) {
    if (wanted.length === 0 || wanted.some((word) => one.name.includes(word)))
      console.log(await measure(one, python));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
