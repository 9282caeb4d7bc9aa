// Runs the server again after each change of it, and builds the pages again after each change of them.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const commands = [
  ['tsx/dist/cli.mjs', 'watch', '--clear-screen=false', 'src/cli/main.ts', 'serve', ...process.argv.slice(2)],
  ['vite/bin/vite.js', 'build', 'ui', '--watch', '--logLevel', 'warn'],
];
const children = commands.map(([program, ...args]) =>
  spawn(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root, stdio: 'inherit' }),
);
// One without the other is of no use.
for (const child of children)
  child.once('exit', (code) => {
    for (const other of children) other.kill();
    process.exitCode ??= code ?? 1;
  });
