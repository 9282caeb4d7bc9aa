// The examples do what they say, and the README shows what there is.
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { trainDigits } from '../../examples/digits.ts';
import * as okapi from './index.ts';
import * as builders from './ops/build.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

it('the digits example learns to read, and says so after every epoch', async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const accuracy = await trainDigits({ epochs: 3, pictures: 2000, seed: 1, log });
  expect(accuracy).toBeGreaterThan(0.9);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatch(/^epoch 3\/3 {2}loss \d\.\d{3} {2}accuracy 9\d\.\d %$/);
});

describe('the README', () => {
  const readme = read('./README.md');

  it('shows an example that is a file of the project and learns', async () => {
    const [, ...lines] = read('../../examples/fit-curve.ts').split('\n');
    const shown = lines.join('\n').replace('../src/autodiff/index.ts', 'okapi-vision/autodiff');
    expect(readme).toContain(shown.trim());
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import('../../examples/fit-curve.ts');
    const printed = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    expect(printed).toHaveLength(7);
    expect(Number(printed[6]!.split(' ').at(-1))).toBeCloseTo(Math.sin(1), 1);
  });

  it('names every op, and no name that does not exist', () => {
    for (const name of Object.keys(builders)) expect(readme).toContain(`\`${name}\``);
    const table = readme.slice(readme.indexOf('| ops |'), readme.indexOf('`layers` has'));
    const named = [...table.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    expect(named.filter((name) => !(name in okapi))).toEqual([]);
  });
});
