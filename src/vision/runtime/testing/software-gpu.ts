// A GPU in software for tests: SwiftShader's Vulkan, unpacked from the headless Chromium that the tests bring along.

import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

const wanted = ['libvulkan.so.1', 'libvk_swiftshader.so', 'vk_swiftshader_icd.json'];

/** Whether this machine can run the binaries; they are for Linux on x64. */
export const softwareGpuRunsHere = process.platform === 'linux' && process.arch === 'x64';

/**
 * The environment for a child process in which onnxruntime-node's webgpu finds the software GPU. The loader reads it
 * when a process starts, so it is of no use to a process that runs already.
 */
export async function softwareGpuEnvironment(): Promise<NodeJS.ProcessEnv> {
  if (!softwareGpuRunsHere) throw new Error('the software GPU needs Linux on x64');
  const folder = await unpacked();
  return {
    ...process.env,
    VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
    XDG_RUNTIME_DIR: folder,
  };
}

/** The folder with the libraries, made once beside the installed packages. */
async function unpacked(): Promise<string> {
  const packs = join(packageFolder(), 'bin');
  const { version } = JSON.parse(await readFile(join(packageFolder(), 'package.json'), 'utf8'));
  const cache = join(packageFolder(), '../../.cache');
  const folder = join(cache, `okapi-software-gpu-${version}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  const tar = await promisify(brotliDecompress)(await readFile(join(packs, 'swiftshader.tar.br')));
  for (const { name, bytes } of entries(tar)) {
    if (!wanted.includes(basename(name))) continue;
    await writeFile(join(fresh, basename(name)), bytes);
    await chmod(join(fresh, basename(name)), 0o755);
  }
  // Another test may have been quicker; a folder that is there is complete.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  await chmod(folder, 0o700);
  return folder;
}

function packageFolder(): string {
  let folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  while (basename(folder) !== 'chromium') folder = dirname(folder);
  return folder;
}

/** The files of a tar archive: a header block of 512 bytes each, sizes in octal. */
function* entries(tar: Buffer): Generator<{ name: string; bytes: Buffer }> {
  const text = (from: number, length: number) =>
    tar.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    yield { name: text(at, 100), bytes: tar.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
