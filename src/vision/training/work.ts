// How far work of known steps has come that is no training by epochs: its stage, the share done and the time left.
import type { Runtime } from '../../autodiff/runtime.ts';
import type { TrainingEvent } from './events.ts';
import { type WorkStage, workStages } from './work-stages.ts';

/** Between two events of one stage. */
const EVERY_MS = 100;

export class Work {
  readonly #totals = new Map<WorkStage, number>();
  readonly #done = new Map<WorkStage, number>();
  readonly #now: () => number;
  readonly #onEvent: (event: TrainingEvent) => void;
  readonly #startedMs: number;
  #stage: WorkStage | null = null;
  #toldMs = Number.NEGATIVE_INFINITY;
  #progress = 0;

  constructor({ now, onEvent }: { now: () => number; onEvent: (event: TrainingEvent) => void }) {
    this.#now = now;
    this.#onEvent = onEvent;
    this.#startedMs = now();
  }

  /** So many steps are expected of these stages; a later word replaces an earlier one. */
  expect(steps: Partial<Record<WorkStage, number>>): void {
    for (const [stage, total] of Object.entries(steps)) this.#totals.set(stage as WorkStage, total);
  }

  /** The stages before it need no more steps, even if more were expected. */
  begin(stage: WorkStage): void {
    if (stage === this.#stage) return;
    for (const earlier of workStages.slice(0, workStages.indexOf(stage)))
      this.#totals.set(earlier, this.#done.get(earlier) ?? 0);
    this.#stage = stage;
    this.#tell();
  }

  step(): void {
    if (this.#stage === null) return;
    const done = (this.#done.get(this.#stage) ?? 0) + 1;
    this.#done.set(this.#stage, done);
    this.#totals.set(this.#stage, Math.max(done, this.#totals.get(this.#stage) ?? 0));
    if (done === this.#totals.get(this.#stage) || this.#now() - this.#toldMs >= EVERY_MS) this.#tell();
  }

  /** The same runtime: each run of a session is a step, and each session that is loaded begins the stage that `onLoad` names. */
  watched(runtime: Runtime, onLoad: () => WorkStage): Runtime {
    return {
      device: runtime.device,
      load: async (model, options) => {
        this.begin(onLoad());
        const session = await runtime.load(model, options);
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          run: async (feeds, fetches) => {
            const out = await session.run(feeds, fetches);
            this.step();
            return out;
          },
          close: () => session.close(),
        };
      },
    };
  }

  #tell(): void {
    this.#toldMs = this.#now();
    const sum = (counts: ReadonlyMap<WorkStage, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
    const [done, total] = [sum(this.#done), sum(this.#totals)];
    this.#progress = Math.max(this.#progress, total === 0 ? 0 : Math.min(1, done / total));
    const stage = this.#stage!;
    this.#onEvent({
      type: 'work',
      stage,
      done: this.#done.get(stage) ?? 0,
      total: this.#totals.get(stage) ?? 0,
      progress: this.#progress,
      secondsLeft: done === 0 ? null : ((this.#toldMs - this.#startedMs) / done / 1000) * (total - done),
    });
  }
}
