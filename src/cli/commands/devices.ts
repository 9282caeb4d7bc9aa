// `okapi devices`: what can compute here, and why each device is or is not used.
import { availableParallelism } from 'node:os';
import { devices } from '../../vision/runtime/backends.ts';
import { openRuntime } from '../../vision/runtime/open-runtime.ts';
import { rememberProbes } from '../../vision/runtime/probe.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { printable, type Terminal } from '../terminal.ts';
import { count, table } from '../wording.ts';

export async function listDevices({ terminal, version }: CommandContext): Promise<number> {
  const probe = rememberProbes();
  const { platform, arch, versions } = process;
  terminal.out(
    `okapi ${version}, Node ${versions.node}, ${platform} ${arch}, ${count(availableParallelism(), 'thread')}`,
  );
  const rows: string[][] = [];
  for (const device of devices) {
    const runtime = await openRuntime({ device, probe });
    rows.push(rowOf(device, runtime.device, runtime.reason, terminal));
    await runtime.close();
  }
  const automatic = await openRuntime({ probe });
  await automatic.close();
  for (const line of table(rows)) terminal.out(line);
  terminal.out(`--device auto uses ${automatic.device}`);
  return exitCodes.ok;
}

function rowOf(wanted: string, got: string, reason: string, terminal: Terminal): string[] {
  if (wanted !== got)
    return [wanted, terminal.style('dim', 'no'), printable(reason).replace(`${got}; not ${wanted}: `, '')];
  const probed = /\(probe .*\)/.exec(reason)?.[0] ?? '';
  return [wanted, terminal.style('green', 'works'), probed];
}
