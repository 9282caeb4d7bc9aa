// The conversation between bench/run.ts and one measured program: one JSON line in, one JSON line out (bench/pytorch/serve.py).
import { createInterface } from 'node:readline';

/** Answers {"run": n} with the seconds and the processor seconds of n calls of `work`, and the largest resident size of this process so far. */
export async function serve(work: () => Promise<Record<string, unknown>>): Promise<void> {
  const answer = (message: Record<string, unknown>) =>
    process.stdout.write(
      `${JSON.stringify({ ...message, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`,
    );
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { run } = JSON.parse(line) as { run: number };
    const seconds: number[] = [];
    const cpuSeconds: number[] = [];
    let extra: Record<string, unknown> = {};
    for (let i = 0; i < run; i++) {
      const start = performance.now();
      const before = process.cpuUsage();
      extra = await work();
      seconds.push((performance.now() - start) / 1000);
      const { user, system } = process.cpuUsage(before);
      cpuSeconds.push((user + system) / 1e6);
    }
    answer({ seconds, cpuSeconds, ...extra });
  }
}
