// Fails when an import breaks .dependency-cruiser.cjs, or when the tool looked at nothing.
import { execFileSync } from 'node:child_process';

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
