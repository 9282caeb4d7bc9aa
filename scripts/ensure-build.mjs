// Builds dist/ when it is not there or older than the sources, so that `npm start` is one command and starts quickly.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const built = join(root, 'dist/cli/main.js');

function newest(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map((name) =>
  join(root, name),
);
const upToDate = existsSync(built) && statSync(built).mtimeMs > Math.max(...sources.map(newest));
if (!upToDate) {
  console.error('building (a few seconds, only after a change) …');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
}
execFileSync(process.execPath, [join(root, 'scripts/ensure-pages.mjs')], { cwd: root, stdio: 'inherit' });
