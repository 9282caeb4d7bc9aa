// Fails when an import breaks .dependency-cruiser.cjs, or when the tool looked at nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
let report;
try {
  report = execFileSync('node_modules/.bin/depcruise', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
} catch (error) {
  report = error.stdout; // a violation makes the exit status non-zero, the report is still whole
}
const { summary } = JSON.parse(report);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(
  `architecture: ${summary.totalCruised} modules, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`,
);
if (summary.totalCruised < 20 || summary.violations.length > 0) process.exit(1);

// The tool does not read JSX. The pages may see the client, the runner, the contract, and the arithmetic of scores and thresholds,
// which is the same wherever it runs; nothing else of src/.
const allowed = /^src\/(client|runner|server\/contract|vision\/scoring)\//;
const pages = readdirSync('ui/src', { recursive: true }).filter((name) => /\.tsx?$/.test(name));
const wrong = pages.flatMap((name) => {
  const file = join('ui/src', name);
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g);
  return [...imports]
    .map(([, path]) => join(dirname(file), path))
    .filter((to) => !to.startsWith('ui/') && !allowed.test(to))
    .map((to) => `the pages: ${file} -> ${to}`);
});
for (const line of wrong) console.error(line);
console.log(`architecture of the pages: ${pages.length} files, ${wrong.length} violations`);
if (pages.length < 20 || wrong.length > 0) process.exit(1);
