import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../context.ts';
import { readEnvironment } from '../environment.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { bench } from './bench.ts';
import { demo } from './demo.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

function contextWith(terminal: CommandContext['terminal']): CommandContext {
  return {
    terminal,
    environment: readEnvironment({}),
    args: [],
    version: '0.0.0',
    now: () => performance.now(),
    date: () => new Date(0),
  };
}

describe('the demo', () => {
  it('learns by patches where no epochs are named', async () => {
    const scale = { partSize: 64, imageSize: 64, good: 4, testGood: 2, perDefect: 1 };
    const terminal = capturedTerminal();
    const options = { kind: 'screws', dir: join(dir, 'demo') } as const;
    expect(await demo(options, contextWith(terminal), scale)).toBe(0);
    const config = await readFile(join(dir, 'demo/model/config.yaml'), 'utf8');
    expect(config).toMatch(/^detector: auto$/m);
    expect(await readFile(join(dir, 'demo/report.html'), 'utf8')).not.toContain('Loss by epoch');
  }, 180_000);

  it('draws parts, learns, tests and writes one report that needs nothing else; and again', async () => {
    const scale = { partSize: 64, imageSize: 64, good: 6, testGood: 2, perDefect: 1 };
    const options = { kind: 'screws', dir: join(dir, 'demo'), epochs: 1 } as const;
    for (const _ of ['first', 'again']) {
      const terminal = capturedTerminal();
      expect(await demo(options, contextWith(terminal), scale)).toBe(0);
      const stages = terminal.notes.filter((line) => /^\d\/4/.test(line));
      expect(stages).toHaveLength(4);
      expect(terminal.outLines.join('\n')).toMatch(/image AUROC +[01]\.\d{4}/);
      expect(terminal.outLines.at(-1)).toBe(`report  ${join(dir, 'demo/report.html')}`);
    }
    expect((await readdir(options.dir)).sort()).toEqual(['.okapi-demo', 'model', 'parts', 'report.html']);
    const html = await readFile(join(options.dir, 'report.html'), 'utf8');
    for (const text of [
      'Okapi demo: screws',
      'Loss by epoch',
      'drawn by okapi',
      '1970-01-01',
      'data:image/jpeg',
    ])
      expect(html).toContain(text);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });
});

describe('the benchmarks', () => {
  it('are missing in the published package, and it says where they are', async () => {
    const terminal = capturedTerminal();
    expect(await bench(contextWith(terminal), `${dir}/`)).toBe(1);
    expect(terminal.notes.join('\n')).toMatch(
      /come with the source code[^\n]*bench\/run\.ts\.\nIn a clone, type: npm run bench/,
    );
  });
});
