import { describe, expect, it } from 'vitest';
import { openRuntime } from './open-runtime.ts';
import type { Verdict } from './probe.ts';

const good: Verdict = { works: true, error: 1e-6, milliseconds: 1, cpuMilliseconds: 5 };
const software: Verdict = { works: true, error: 1e-6, milliseconds: 900, cpuMilliseconds: 5 };
const launch: Verdict = { works: true, error: 1e-6, milliseconds: 3, cpuMilliseconds: 0.3 };
const wrong: Verdict = { works: true, error: 0.02, milliseconds: 1, cpuMilliseconds: 5 };
const nan: Verdict = { works: true, error: Number.NaN, milliseconds: 1, cpuMilliseconds: 5 };
const absent: Verdict = { works: false, why: 'no adapter' };

/** Opens a runtime on a machine where webgpu gives `verdict`; cuda is never installed from npm. */
async function open(device: string, verdict: Verdict) {
  const lines: string[] = [];
  const runtime = await openRuntime({
    device,
    probe: async (asked) => (asked === 'webgpu' ? verdict : absent),
    log: (level, line) => lines.push(`${level}: ${line}`),
  });
  await runtime.close();
  return { device: runtime.device, reason: runtime.reason, line: lines.join('\n') };
}

describe('choosing a device', () => {
  it.each([
    ['auto', good, 'webgpu', /^info: computing on webgpu \(probe 1\.0 ms, CPU 5\.0 ms\); not cuda: /],
    ['auto', launch, 'webgpu', /^info: computing on webgpu \(probe 3\.0 ms, CPU 0\.3 ms\)/],
    ['auto', absent, 'cpu', /^info: computing on cpu; not cuda: .*; not webgpu: no adapter$/],
    [
      'auto',
      software,
      'cpu',
      /not webgpu: slower than the CPU \(900\.0 ms, CPU 5\.0 ms\), probably a software GPU$/,
    ],
    ['auto', wrong, 'cpu', /not webgpu: it differs from the CPU by 0\.020, more than 0\.001$/],
    ['auto', nan, 'cpu', /not webgpu: it differs from the CPU by NaN/],
    ['webgpu', good, 'webgpu', /^info: computing on webgpu \(probe 1\.0 ms, CPU 5\.0 ms\), as asked$/],
    [
      'webgpu',
      software,
      'webgpu',
      /^info: computing on webgpu .* as asked, although it is slower than the CPU/,
    ],
    ['webgpu', absent, 'cpu', /^warn: webgpu was asked for; computing on cpu; not webgpu: no adapter$/],
    ['webgpu', wrong, 'cpu', /^warn: webgpu was asked for; .* differs from the CPU by 0\.020/],
    ['cuda', good, 'cpu', /^warn: cuda was asked for; computing on cpu; not cuda: /],
    ['cpu', good, 'cpu', /^info: computing on cpu, as asked$/],
  ] as const)('%s with %o computes on %s and says why', async (device, verdict, chosen, line) => {
    const opened = await open(device, verdict);
    expect(opened.device).toBe(chosen);
    expect(opened.line).toMatch(line);
    expect(opened.line).toContain(opened.reason);
  });

  it('refuses a name that is not in the table', async () => {
    await expect(open('gpu', good)).rejects.toMatchObject({
      code: 'device.unknown',
      message: 'expected auto, cuda, webgpu, dml, coreml, cpu; got "gpu"',
    });
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %s threads', async (threads) => {
    await expect(openRuntime({ device: 'cpu', threads })).rejects.toMatchObject({
      code: 'option.invalid',
      message: `threads: expected a whole number from 1, got ${threads}`,
    });
  });

  it('does not probe for the CPU', async () => {
    const probe = () => {
      throw new Error('probed');
    };
    const runtime = await openRuntime({ device: 'cpu', probe });
    expect(runtime.device).toBe('cpu');
    await runtime.close();
  });
});
