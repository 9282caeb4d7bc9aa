import { beforeAll, describe, expect, it } from 'vitest';
import { forkModule, moduleBeside } from './child.ts';
import { softwareGpuEnvironment, softwareGpuRunsHere } from './testing/software-gpu.ts';
import type { Report } from './testing/webgpu-child.ts';

// Elsewhere than on Linux x64 there is no software GPU to be had; the vitest summary then shows these as skipped.
describe.skipIf(!softwareGpuRunsHere)('webgpu, on a GPU in software', () => {
  let report: Report;
  beforeAll(async () => {
    const received: Report[] = [];
    const child = forkModule<Report, never>(moduleBeside(import.meta.url, './testing/webgpu-child'), {
      env: await softwareGpuEnvironment(),
      onMessage: (message) => received.push(message),
    });
    const end = await child.ended;
    if (received.length === 0) throw new Error(`no report (${end.code ?? end.signal}): ${end.lastLines}`);
    report = received[0]!;
  });

  it('is used when it is asked for, and the log admits that it is slow', () => {
    expect(report.asked.device).toBe('webgpu');
    expect(report.asked.reason).toMatch(/^webgpu \(probe .*as asked, although it is slower than the CPU/);
  });

  it('is not chosen by auto, which says why', () => {
    expect(report.auto.device).toBe('cpu');
    expect(report.auto.reason).toMatch(/not webgpu: slower than the CPU .* software GPU/);
  });

  it('computes a convolution and a matrix product as the CPU does', () => {
    expect(report.gpu).toHaveLength(8 * 16 * 16);
    const differences = report.gpu.map((value, i) => Math.abs(value - report.cpu[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-3);
    expect(Math.max(...report.cpu)).toBeGreaterThan(0.1);
  });

  it('trains the decoder as the CPU does', () => {
    const { cpu, gpu } = report.training;
    expect(gpu).toHaveLength(4);
    for (const [i, loss] of gpu.entries()) expect(Math.abs(loss / cpu[i]! - 1)).toBeLessThan(1e-3);
    expect(cpu[3]).toBeLessThan(cpu[0]! - 5e-3);
  });

  it('writes results in place', () => {
    expect(report.inPlace).toEqual(Float32Array.of(3, 5));
  });

  it('keeps an output on the device from run to run, and reads it back', () => {
    expect(report.kept.y).toEqual(Float32Array.of(15, 23));
    expect(report.kept.z).toEqual(Float32Array.of(14, 22));
    expect(report.kept.again).toEqual(Float32Array.of(3, 5));
  });

  it('refuses a device tensor that was closed', () => {
    expect(report.closed).toContain('after it was closed');
  });
});
