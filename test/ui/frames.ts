// What the browser's own trace says about a scroll: how long frames took, and how much work the main thread had.
import type { Browser, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

export interface Frames {
  /**
   * Between one drawn frame and the next of the same gesture, in ms, longest first: other programs of the machine lengthen
   * these. Where nothing moves, as when one turns back, nothing is drawn.
   */
  readonly intervalsMs: readonly number[];
  /** Of each task of the page's main thread, in ms, longest first. */
  readonly taskMs: readonly number[];
  /** The same in time of the processor, which other programs leave as it is. */
  readonly taskCpuMs: readonly number[];
}

const categories = [
  'toplevel',
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  // Synthetic gestures from their beginning to their end.
  'input',
  '__metadata',
];

/** Traces while `work` goes on. */
export async function framesDuring(browser: Browser, page: Page, work: () => Promise<void>): Promise<Frames> {
  await browser.startTracing(page, { categories });
  await work();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return framesOf(trace.traceEvents);
}

/** One long gesture as of a wheel or a finger, in pixels of the page and pixels a second. */
export async function scrollBy(page: Page, distance: number, speed: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Input.synthesizeScrollGesture', {
    x: 600,
    y: 600,
    yDistance: -distance,
    speed,
    gestureSourceType: 'mouse',
    preventFling: true,
  });
  await session.detach();
}

export function framesOf(events: readonly TraceEvent[]): Frames {
  const isMain = mainThreadOf(events);
  const tasks = events.filter(
    (event) => event.ph === 'X' && event.dur !== undefined && /RunTask$/.test(event.name) && isMain(event),
  );
  const drawn = events
    .filter((event) => event.name === 'DrawFrame' && event.pid === mainPid(events))
    .map(({ ts }) => ts)
    .sort((a, b) => a - b);
  const longestFirst = (all: number[]) => all.sort((a, b) => b - a);
  return {
    intervalsMs: longestFirst(gesturesOf(events).flatMap((gesture) => intervalsIn(gesture, drawn))),
    taskMs: longestFirst(tasks.map(({ dur = 0 }) => dur / 1000)),
    taskCpuMs: longestFirst(tasks.map(({ tdur = 0 }) => tdur / 1000)),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function gesturesOf(events: readonly TraceEvent[]): Span[] {
  const times = (ph: string) =>
    events
      .filter((event) => event.name === 'SyntheticGestureController::running' && event.ph === ph)
      .map(({ ts }) => ts)
      .sort((a, b) => a - b);
  const ends = times('e');
  return times('b').map((from, i) => ({ from, to: ends[i] ?? Number.POSITIVE_INFINITY }));
}

function intervalsIn({ from, to }: Span, drawn: readonly number[]): number[] {
  const own = drawn.filter((ts) => ts >= from && ts <= to);
  return own.slice(1).map((ts, i) => (ts - own[i]!) / 1000);
}

/** The process of pages that worked most: the page that was scrolled. */
function mainPid(events: readonly TraceEvent[]): number | undefined {
  const work = new Map<number, number>();
  for (const { tid, pid } of mainThreads(events)) {
    const tasks = events.filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X');
    work.set(pid, tasks.length);
  }
  return [...work].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function mainThreadOf(events: readonly TraceEvent[]): (event: TraceEvent) => boolean {
  const pid = mainPid(events);
  const main = mainThreads(events).find((thread) => thread.pid === pid);
  return (event) => event.pid === main?.pid && event.tid === main.tid;
}

function mainThreads(events: readonly TraceEvent[]): readonly TraceEvent[] {
  return events.filter(
    ({ name, ph, args }) => ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain',
  );
}
