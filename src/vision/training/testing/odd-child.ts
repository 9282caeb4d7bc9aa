// A training process that misbehaves in the way it is asked to.
import { writeSync } from 'node:fs';
import { getPriority } from 'node:os';
import { OkapiError } from '../../errors.ts';
import { serveTraining } from '../child-training.ts';
import type { TrainingEvent } from '../events.ts';

export type Oddity =
  | 'none'
  | 'refuse'
  | 'throw'
  | 'exit'
  | 'kill'
  | 'flood'
  | 'gibberish'
  | 'wrong result'
  | 'fall back'
  | 'wait'
  | 'deaf'
  | 'hang'
  | 'grow'
  | 'long line'
  | 'bytes'
  | 'huge message'
  | 'SIGSEGV'
  | 'SIGABRT'
  | 'SIGILL'
  | 'environment';

const step = (progress: number): TrainingEvent => ({
  type: 'step',
  phase: 'main',
  epoch: 1,
  epochs: 1,
  step: 1,
  steps: 1,
  loss: 1,
  learningRate: 1,
  progress,
  secondsLeft: null,
});

type Context = { readonly signal: AbortSignal; readonly onEvent: (event: TrainingEvent) => void };

const forever = () => new Promise<never>(() => setInterval(() => {}, 1000));

const oddities: Record<Oddity, (context: Context) => Promise<unknown>> = {
  none: async ({ onEvent }) => {
    onEvent({ type: 'note', text: 'hello' });
    return { answer: 42 };
  },
  refuse: async () => {
    throw new OkapiError('dataset.too_few_images', 'got 3');
  },
  throw: async () => {
    throw new Error('internal: something broke');
  },
  exit: async () => {
    console.error('about to leave');
    return process.exit(0);
  },
  kill: async () => {
    process.kill(process.pid, 'SIGKILL');
    return forever();
  },
  flood: async ({ onEvent }) => {
    for (let i = 0; i < 20_000; i++) onEvent({ type: 'note', text: 'again' });
    return forever();
  },
  gibberish: async ({ onEvent }) => {
    onEvent({ type: 'step', loss: Number.NaN } as TrainingEvent);
    return forever();
  },
  'wrong result': async () => ({ answer: 'none' }),
  'fall back': async ({ onEvent }) => {
    for (const progress of [0.2, 0.6, 0.4]) onEvent(step(progress));
    return { answer: 1 };
  },
  wait: ({ signal, onEvent }) =>
    new Promise((_, reject) => {
      const timer = setInterval(() => {}, 1000);
      signal.addEventListener('abort', () => {
        clearInterval(timer);
        reject(new OkapiError('train.canceled', 'stopped in epoch 3'));
      });
      onEvent({ type: 'note', text: 'waiting' });
    }),
  deaf: async ({ onEvent }) => {
    onEvent({ type: 'note', text: 'waiting' });
    return forever();
  },
  hang: async () => {
    console.error('going round');
    for (;;);
  },
  grow: async () => {
    const held: Uint8Array[] = [];
    for (;;) {
      held.push(new Uint8Array(2 ** 24).fill(1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  'long line': async () => {
    const piece = 'x'.repeat(2 ** 20);
    for (let i = 0; i < 64; i++) process.stderr.write(piece);
    return process.exit(1);
  },
  bytes: async () => {
    writeSync(3, '{"type":"done","result":{"answer":1}}\n');
    return forever();
  },
  'huge message': async () => {
    const header = Buffer.alloc(5);
    header.writeUInt32LE(2 ** 31, 1);
    writeSync(3, header);
    return forever();
  },
  SIGSEGV: () => raise('SIGSEGV'),
  SIGABRT: () => raise('SIGABRT'),
  SIGILL: () => raise('SIGILL'),
  environment: async ({ onEvent }) => {
    onEvent({ type: 'note', text: JSON.stringify({ ...process.env, priority: String(getPriority()) }) });
    return { answer: 1 };
  },
};

function raise(signal: NodeJS.Signals): Promise<never> {
  process.kill(process.pid, signal);
  return forever();
}

serveTraining((oddity: Oddity, context) => oddities[oddity](context));
