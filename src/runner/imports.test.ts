import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

/** Statements that stay when the types are gone: `import type` and `export type` do not, `import { type X }` does. */
const IMPORT = /^\s*(?:import|export)\s(?!type\b)(?:[^;'"]*?\bfrom\s*)?['"]([^'"]+)['"]/gm;
const LATE = /\bimport\(\s*([^)]*)\)/g;

/** All modules that `start` needs to run, and what they import that is no file of ours. */
async function reach(start: URL): Promise<{ files: string[]; foreign: string[] }> {
  const seen = new Map([[start.href, true]]);
  const foreign: string[] = [];
  for (const [address] of seen) {
    const source = await readFile(new URL(address), 'utf8');
    const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const named = [...code.matchAll(IMPORT)].map(([, name]) => name!);
    foreign.push(...[...code.matchAll(LATE)].map(([text]) => `${address}: ${text}`));
    for (const name of named) {
      if (name.startsWith('.')) seen.set(new URL(name, address).href, true);
      else foreign.push(`${address}: ${name}`);
    }
    if (/\b(process|Buffer|require|__dirname)\b[.(]/.test(code)) foreign.push(`${address}: a global of Node`);
  }
  const root = new URL('../', import.meta.url).href;
  return { files: [...seen.keys()].map((address) => address.slice(root.length)).sort(), foreign };
}

describe('the runner', () => {
  it('needs nothing but files that run in browsers too', async () => {
    const { files, foreign } = await reach(new URL('index.ts', import.meta.url));
    expect(foreign).toEqual([]);
    expect(files).toContain('vision/image/resize.ts');
    expect(files.length).toBeLessThan(45);
  });

  it('would be found out by an import that does not', async () => {
    const { foreign } = await reach(new URL('../vision/image/decode.ts', import.meta.url));
    expect(foreign.map((text) => text.split(': ')[1])).toContain('sharp');
  });
});
