// Chooses the device to compute on: tries the quick ones first, says why, and always ends with one that works.

import { OkapiError } from '../errors.ts';
import { backends, type Device, devices, isDevice } from './backends.ts';
import { type Probe, probeInChild, type Verdict } from './probe.ts';
import { type DeviceRuntime, openRuntimeOn } from './runtime.ts';

export interface OpenRuntimeOptions {
  /** A device, or 'auto' for the first of cuda, webgpu, cpu that works and is worth it. Default 'auto'. */
  readonly device?: string;
  /** Threads of the processor for one run. Default: as many as the process may use. */
  readonly threads?: number;
  readonly log?: (level: 'info' | 'warn', line: string) => void;
  /** How a device is tried. Pass one `rememberProbes()` to all calls of a process to probe each device once. */
  readonly probe?: Probe;
}

export interface OpenedRuntime extends DeviceRuntime {
  /** Why this device was chosen and the others were not, in one line. */
  readonly reason: string;
}

/** How far a device may be from the CPU on the probe net, whose results lie in [-1, 1]. */
const tolerance = 1e-3;
/**
 * A device that takes this many times longer than the CPU is a GPU in name only, drawn in software. What takes no more
 * than a moment is a real one beside a processor with many cores: the probe net is too small to tell more.
 */
const slowest = 4;
const momentMs = 50;

/**
 * Opens a runtime. A device that was asked for and does not work is replaced by the CPU with a warning.
 * Throws OkapiError device.unknown for a name that is not in the table, option.invalid for an impossible thread count.
 */
export async function openRuntime(options: OpenRuntimeOptions = {}): Promise<OpenedRuntime> {
  const { device = 'auto', log = () => {}, probe = probeInChild } = options;
  if (device !== 'auto' && !isDevice(device))
    throw new OkapiError('device.unknown', `expected auto, ${devices.join(', ')}; got "${device}"`);
  if (options.threads !== undefined && !(Number.isInteger(options.threads) && options.threads >= 1))
    throw new OkapiError('option.invalid', `threads: expected a whole number from 1, got ${options.threads}`);
  const { chosen, reason } = device === 'auto' ? await chooseBest(probe) : await tryOne(device, probe);
  const fellBack = device !== 'auto' && chosen !== device;
  log(
    fellBack ? 'warn' : 'info',
    fellBack ? `${device} was asked for; computing on ${reason}` : `computing on ${reason}`,
  );
  const runtime = await openRuntimeOn(
    chosen,
    options.threads === undefined ? {} : { threads: options.threads },
  );
  return { ...runtime, reason };
}

interface Choice {
  readonly chosen: Device;
  readonly reason: string;
}

async function chooseBest(probe: Probe): Promise<Choice> {
  const passed: string[] = [];
  for (const device of devices) {
    if (!backends[device].auto || device === 'cpu') continue;
    const verdict = await tryDevice(device, probe);
    const no = objection(verdict) ?? tooSlow(verdict);
    if (no === null) return { chosen: device, reason: [describe(device, verdict), ...passed].join('; ') };
    passed.push(`not ${device}: ${no}`);
  }
  return { chosen: 'cpu', reason: ['cpu', ...passed].join('; ') };
}

async function tryOne(device: Device, probe: Probe): Promise<Choice> {
  if (device === 'cpu') return { chosen: 'cpu', reason: 'cpu, as asked' };
  const verdict = await tryDevice(device, probe);
  const no = objection(verdict);
  if (no !== null) return { chosen: 'cpu', reason: `cpu; not ${device}: ${no}` };
  const slow = tooSlow(verdict);
  const remark = slow === null ? '' : `, although it is ${slow}`;
  return { chosen: device, reason: `${describe(device, verdict)}, as asked${remark}` };
}

async function tryDevice(device: Device, probe: Probe): Promise<Verdict> {
  const why = backends[device].missing();
  return why === null ? probe(device) : { works: false, why };
}

function objection(verdict: Verdict): string | null {
  if (!verdict.works) return verdict.why;
  if (verdict.error <= tolerance) return null;
  return `it differs from the CPU by ${verdict.error.toPrecision(2)}, more than ${tolerance}`;
}

function tooSlow(verdict: Verdict): string | null {
  if (!verdict.works) return null;
  if (verdict.milliseconds <= Math.max(momentMs, slowest * verdict.cpuMilliseconds)) return null;
  return `slower than the CPU (${times(verdict)}), probably a software GPU`;
}

function describe(device: Device, verdict: Verdict): string {
  return verdict.works ? `${device} (probe ${times(verdict)})` : device;
}

function times(verdict: Extract<Verdict, { works: true }>): string {
  return `${verdict.milliseconds.toFixed(1)} ms, CPU ${verdict.cpuMilliseconds.toFixed(1)} ms`;
}
