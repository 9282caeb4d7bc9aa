import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePicture } from '../image/encode.ts';
import { type InspectedFile, inspectFiles } from './inspect-files.ts';
import { brightnessDetector, spotPicture } from './testing/brightness-detector.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function inspected(files: readonly string[]): Promise<InspectedFile[]> {
  const results: InspectedFile[] = [];
  for await (const result of inspectFiles(brightnessDetector(), files)) results.push(result);
  return results;
}

describe('inspectFiles', () => {
  it('gives every file a verdict in order: bad files and copies too', async () => {
    const names = ['a.png', 'broken.png', 'copy-of-a.png', 'not-there.png'];
    const bright = await encodePicture(spotPicture(250), 'png');
    const files = names.map((name) => join(dir, name));
    await writeFile(files[0]!, bright);
    await writeFile(files[1]!, bright.subarray(0, 60));
    await writeFile(files[2]!, bright);
    const results = await inspected(files);
    expect(results.map(({ file }) => file)).toEqual(files);
    expect(results).toMatchObject([
      { status: 'tested', prediction: { isAnomaly: true } },
      { status: 'untested', code: 'image.truncated' },
      { status: 'tested', prediction: { isAnomaly: true } },
      { status: 'untested', code: 'disk.io_error' },
    ]);
  });

  it('stops when it is told to', async () => {
    const file = join(dir, 'a.png');
    await writeFile(file, await encodePicture(spotPicture(40), 'png'));
    const stop = new AbortController();
    const results = inspectFiles(brightnessDetector(), [file, file, file], { signal: stop.signal });
    await results.next();
    stop.abort(new Error('enough'));
    await expect(results.next()).rejects.toThrow('enough');
  });
});
