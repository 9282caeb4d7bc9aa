// Learning rates over the steps or epochs of a training. Each schedule maps t in 0..total to a factor of the base rate.

export type Schedule = (t: number) => number;

export const constantRate: Schedule = () => 1;

/** How far t has come, 0 to 1; all the way when there is no way. */
function progress(t: number, total: number): number {
  return total > 0 ? Math.min(1, t / total) : 1;
}

/** From 1 at t = 0 to `end` at t = total along half a cosine (Loshchilov and Hutter 2017). */
export function cosine(total: number, end = 0): Schedule {
  return (t) => end + (1 - end) * 0.5 * (1 + Math.cos(Math.PI * progress(t, total)));
}

/** From 1 at t = 0 to `end` at t = total along a line. */
export function linearDecay(total: number, end = 0): Schedule {
  return (t) => 1 + (end - 1) * progress(t, total);
}

/** Rises from `start` to the schedule's own value during the first `length` of t. */
export function warmUp(length: number, schedule: Schedule, start = 0): Schedule {
  return (t) => (t >= length ? schedule(t) : schedule(t) * (start + ((1 - start) * t) / length));
}
