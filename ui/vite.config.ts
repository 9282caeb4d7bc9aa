// Builds the pages into dist/ui, where the server finds them, with a packed twin of each file that gains by it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig({
  base: '/ui/',
  root: import.meta.dirname,
  plugins: [react(), packedTwins()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
});

function packedTwins(): Plugin {
  return {
    name: 'packed-twins',
    apply: 'build',
    async writeBundle({ dir }) {
      for (const folder of [dir!, join(dir!, 'assets')]) {
        for (const name of await readdir(folder)) {
          if (!/\.(js|mjs|css|svg|html|wasm)$/.test(name)) continue;
          const bytes = await readFile(join(folder, name));
          const packed = await promisify(gzip)(bytes, { level: 9 });
          if (packed.length < bytes.length * 0.9) await writeFile(join(folder, `${name}.gz`), packed);
        }
      }
    },
  };
}
