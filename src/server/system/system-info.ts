// What runs where: versions, the machine, its memory and disk.
import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { versions } from '../../vision/version.ts';
import type { SystemInfo } from '../contract/system.ts';
import type { Context } from '../platform/context.ts';

/** Names no folder: who may read this need not know where the data lies. */
export async function systemInfo({ config }: Context, keysInForce: boolean): Promise<SystemInfo> {
  const { okapi, onnxruntime } = versions();
  const disk = await statfs(config.data_dir).catch(() => null);
  return {
    version: okapi,
    onnxruntime,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    threads: availableParallelism(),
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
    disk: disk && { total_bytes: disk.blocks * disk.bsize, free_bytes: disk.bavail * disk.bsize },
    uptime_seconds: Math.round(process.uptime()),
    training_device: config.training.device,
    inference_device: config.inference.device,
    keys_in_force: keysInForce,
  };
}
