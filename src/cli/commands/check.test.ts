import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samplePart } from '../../vision/dataset/sample-parts.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { readEnvironment } from '../environment.ts';
import { runProgram } from '../program.ts';
import { capturedTerminal } from '../testing/captured-terminal.ts';
import { checkLines } from './check.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function run(...args: string[]) {
  const terminal = capturedTerminal();
  const code = await runProgram(args, terminal, readEnvironment({}));
  return { code, lines: terminal.outLines, notes: terminal.notes };
}

describe('okapi check', () => {
  it('names a copy in a folder of good pictures, as text and as JSON', async () => {
    await mkdir(join(dir, 'train/good'), { recursive: true });
    for (const [name, seed] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ] as const)
      await writeFile(
        join(dir, 'train/good', `${name}.png`),
        await encodePicture(samplePart('boards', seed, undefined, 64).picture, 'png'),
      );
    const { code, lines } = await run('check', dir);
    expect(code).toBe(0);
    const text = lines.join('\n');
    expect(text).toMatch(/3 pictures checked/);
    expect(text).toMatch(/Almost the same as another: 1\n {2}train\/good\/c\.png {2}0/);
    const json = JSON.parse((await run('check', dir, '--json')).lines.join('\n'));
    expect(json).toMatchObject({
      checked: 3,
      leftOut: 0,
      flags: [{ kind: 'near_duplicate', other: 'train/good/a.png' }],
    });
  });

  it('says what is missing when there are no pictures', async () => {
    const { code, notes } = await run('check', dir);
    expect(code).toBe(1);
    expect(notes.join('\n')).toMatch(/expected pictures/);
  });
});

describe('a check as text', () => {
  it('says that nothing stands out, and which files cannot be read', () => {
    const unread = [{ name: 'x.png', code: 'image.truncated', message: 'cut' }] as const;
    const found = { checked: 9, leftOut: 0, unread, flags: [], notes: ['a note'], quality: new Map() };
    expect(checkLines(found, 'parts', capturedTerminal())).toEqual([
      'parts: 9 pictures checked',
      '  a note',
      '  cannot be read: x.png: cut (image.truncated)',
      '  nothing stands out',
    ]);
  });
});
