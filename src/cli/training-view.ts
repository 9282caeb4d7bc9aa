// Shows a training while it runs: a bar with the time left on a terminal, a line for each epoch elsewhere.
import { SingleBar } from 'cli-progress';
import type { Stage, TrainingEvent } from '../vision/training/events.ts';
import { printable, type Terminal } from './terminal.ts';
import { count, duration, figure } from './wording.ts';

export interface TrainingView {
  show(event: TrainingEvent): void;
  /** Takes the bar away, so that other lines can follow. */
  close(): void;
}

type EventOf<T extends TrainingEvent['type']> = Extract<TrainingEvent, { type: T }>;
type Step = EventOf<'step'>;

export function trainingView(terminal: Terminal): TrainingView {
  const bar = terminal.bars === null ? null : new TrainingBar(terminal.bars, terminal.columns);
  const note = (line: string) => {
    bar?.hide();
    terminal.note(line);
  };
  const shown: { [T in TrainingEvent['type']]: (event: EventOf<T>) => void } = {
    device: ({ reason }) => note(`computing on ${printable(reason)}`),
    pictures: (event) => {
      for (const line of pictureLines(event)) note(line);
    },
    stage: ({ stage }) => note(STAGE_WORDS[stage]),
    resumed: ({ phase, epoch, step }) =>
      note(
        `going on${phase === MAIN ? '' : ` with ${phase}`} after epoch ${epoch}${step > 0 ? ` and ${count(step, 'step')}` : ''}`,
      ),
    step: (event) => {
      bar?.update(event);
      latest = event;
    },
    work: (event) => bar?.work(event),
    epoch: (event) => {
      bar?.learnt(event);
      if (bar === null) note(epochLine(event, latest?.secondsLeft ?? null));
    },
    sample: () => {},
    note: ({ text }) => note(printable(text)),
  };
  let latest: Step | null = null;
  return {
    show: (event) => (shown[event.type] as (event: TrainingEvent) => void)(event),
    close: () => bar?.hide(),
  };
}

/** The phase that makes the model; the others only serve its threshold. */
const MAIN = 'main';

const STAGE_WORDS: Record<Stage, string> = {
  reading: 'reading the pictures',
  training: 'training',
  calibrating: 'finding the threshold',
  saving: 'saving the model',
};

function pictureLines({ used, copies, refused }: EventOf<'pictures'>): string[] {
  const copied = copies > 0 ? `, ${count(copies, 'copy', 'copies')} of others left out` : '';
  return [
    ...refused.map(
      ({ file, code, message }) => `left out ${printable(file)}: ${printable(message)} (${code})`,
    ),
    `${count(used, 'picture')}${copied}`,
  ];
}

function epochLine(event: EventOf<'epoch'>, secondsLeft: number | null): string {
  const { phase, epoch, epochs, best } = event;
  const number = String(epoch).padStart(String(epochs).length);
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `${phase === MAIN ? '' : `${phase}: `}epoch ${number} of ${epochs}, ${figuresOf(event)}${best ? ' (best so far)' : ''}${left}`;
}

/** The loss alone, or with its parts and what was found when objects are learnt. */
function figuresOf({ loss, validationLoss, metrics }: EventOf<'epoch'>): string {
  if (metrics?.map50 === undefined) return `loss ${figure(loss)}, held-out ${figure(validationLoss)}`;
  const of = (names: readonly string[], shown: (value: number) => string) =>
    names
      .flatMap((name) => (metrics[name] === undefined ? [] : [`${name} ${shown(metrics[name])}`]))
      .join(' ');
  const parts = of(['box', 'cls', 'dfl'], figure);
  return `loss ${figure(loss)} (${parts}), ${of(['map50', 'map50_95', 'precision', 'recall'], (v) => v.toFixed(3))}`;
}

const leftOf = ({ secondsLeft }: { readonly secondsLeft: number | null }) =>
  secondsLeft === null ? '' : `${duration(secondsLeft)} left`;

/** One line that is redrawn in place. */
class TrainingBar {
  readonly #bar: SingleBar;
  #drawn = false;
  #found = '';

  constructor(stream: NodeJS.WriteStream, columns: number) {
    this.#bar = new SingleBar({
      stream,
      format: '{phase}  {bar}  {percentage} %  {detail}{left}',
      barsize: Math.min(30, Math.max(8, columns - 70)),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
    });
  }

  update(step: Step): void {
    this.#draw(step.progress, {
      phase: step.phase === MAIN ? 'training' : step.phase,
      detail: `epoch ${step.epoch} of ${step.epochs}${this.#found}  loss ${figure(step.loss)}  `,
      left: leftOf(step),
    });
  }

  work({ stage, progress, secondsLeft }: EventOf<'work'>): void {
    this.#draw(progress, { phase: stage, detail: '', left: leftOf({ secondsLeft }) });
  }

  #draw(progress: number, words: Readonly<Record<string, string>>): void {
    if (this.#drawn) this.#bar.update(progress, words);
    else this.#bar.start(1, progress, words);
    this.#drawn = true;
  }

  /** What the last epoch found, for trainings of objects. */
  learnt({ metrics }: EventOf<'epoch'>): void {
    if (metrics?.map50 !== undefined) this.#found = `  mAP50 ${metrics.map50.toFixed(3)}`;
  }

  /** Until the next update. */
  hide(): void {
    if (this.#drawn) this.#bar.stop();
    this.#drawn = false;
  }
}
