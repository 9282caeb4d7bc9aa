// Builds dist/ui when it is not there or older than its sources. Several at once: one builds, the others wait for it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const page = join(root, 'dist/ui/index.html');
const lock = join(root, 'dist/.building-pages');
const staleLockMs = 120_000;

function newest(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const sources = ['ui', 'src/client', 'src/runner', 'src/vision', 'package.json'].map((name) =>
  join(root, name),
);
const isUpToDate = () => existsSync(page) && statSync(page).mtimeMs > Math.max(...sources.map(newest));

while (!isUpToDate()) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  try {
    mkdirSync(lock);
  } catch {
    // Whoever made the lock builds; one that was killed left it behind.
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > staleLockMs)
      rmSync(lock, { recursive: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    continue;
  }
  try {
    const bundler = join(root, 'node_modules/vite/bin/vite.js');
    const args = [bundler, 'build', 'ui', '--logLevel', 'warn'];
    // Whatever started this, such as a test: React is built as it is used.
    const env = { ...process.env, NODE_ENV: 'production' };
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
  } finally {
    rmSync(lock, { recursive: true });
  }
}
