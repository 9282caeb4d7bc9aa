// The table of devices: how ONNX Runtime calls each, and when it is worth a try.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Runtime } from '../../autodiff/runtime.ts';

export type Device = Runtime['device'];

export interface Backend {
  /** What ONNX Runtime calls it, in the order to try for each operation. */
  readonly providers: readonly string[];
  /** Why this installation cannot have the device at all, or null. Cheap: it loads nothing. */
  missing(): string | null;
  /** Whether 'auto' may choose it. */
  readonly auto: boolean;
}

// In the order in which 'auto' tries them. DirectML and Core ML are left to those who ask for them by name.
export const backends: Readonly<Record<Device, Backend>> = {
  cuda: {
    providers: ['cuda', 'cpu'],
    auto: true,
    missing: () => {
      if (!['linux', 'win32'].includes(process.platform)) return onlyOn('Linux and Windows');
      const library =
        process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
      return existsSync(join(libraries(), library))
        ? null
        : `${library} is not installed (npm does not carry it; run onnxruntime-node's install script)`;
    },
  },
  webgpu: { providers: ['webgpu', 'cpu'], auto: true, missing: () => null },
  dml: {
    providers: ['dml', 'cpu'],
    auto: false,
    missing: () => (process.platform === 'win32' ? null : onlyOn('Windows')),
  },
  coreml: {
    providers: ['coreml', 'cpu'],
    auto: false,
    missing: () => (process.platform === 'darwin' ? null : onlyOn('macOS')),
  },
  cpu: { providers: ['cpu'], auto: true, missing: () => null },
};

export const devices = Object.keys(backends) as readonly Device[];

export function isDevice(name: string): name is Device {
  return Object.hasOwn(backends, name);
}

function onlyOn(systems: string): string {
  return `it exists only on ${systems}`;
}

/** The folder of ONNX Runtime's shared libraries. */
function libraries(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(entry), '../bin/napi-v6', process.platform, process.arch);
}
