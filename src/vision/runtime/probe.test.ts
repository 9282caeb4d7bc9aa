import { describe, expect, it } from 'vitest';
import { moduleBeside } from './child.ts';
import { probeInChild, rememberProbes } from './probe.ts';

const puppet = moduleBeside(import.meta.url, './testing/puppet');

describe('probing a device', () => {
  it('finds that the CPU agrees with itself', async () => {
    const verdict = await probeInChild('cpu');
    expect(verdict).toMatchObject({ works: true, error: 0 });
  });

  it('survives a driver that crashes', async () => {
    const verdict = await probeInChild('cuda', { module: puppet });
    expect(verdict).toMatchObject({
      works: false,
      why: expect.stringMatching(/^the probe crashed \(signal SIGABRT\)/),
    });
  });

  it('survives a driver that hangs', async () => {
    const verdict = await probeInChild('webgpu', { module: puppet, timeoutMs: 800 });
    expect(verdict).toEqual({ works: false, why: 'the probe did not answer within 800 ms' });
  });

  it('says what is wrong where the engine lacks the device', async () => {
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    const verdict = await probeInChild(absent);
    expect(verdict).toEqual({ works: false, why: expect.stringContaining(`, not ${absent}`) });
  });

  it('asks each device once when the verdicts are remembered', async () => {
    const asked: string[] = [];
    const probe = rememberProbes(async (device) => {
      asked.push(device);
      return { works: false, why: 'none here' };
    });
    await Promise.all([probe('webgpu'), probe('webgpu'), probe('cuda')]);
    expect(asked).toEqual(['webgpu', 'cuda']);
  });
});
