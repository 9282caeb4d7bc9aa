import { describe, expect, it } from 'vitest';
import { decodePicture } from '../image/decode.ts';
import type { Picture } from '../image/picture.ts';
import { ReportResults, reportResult, shrink } from './report-pictures.ts';
import { brightnessDetector, spotPicture } from './testing/brightness-detector.ts';

async function tested(picture: Picture) {
  const detector = brightnessDetector();
  const [prediction] = await detector.predict([picture]);
  return { picture, prediction: prediction!, model: detector.model };
}

describe('shrink', () => {
  it('makes a picture and its regions smaller together', async () => {
    const { picture, prediction } = await tested(spotPicture(250, { side: 64, spot: 20 }));
    const small = shrink(picture, prediction.regions, 32);
    expect([small.picture.width, small.picture.height]).toEqual([32, 32]);
    expect(small.regions[0]).toMatchObject({ box: [2, 2, 10, 10], area: 100 });
    expect(shrink(picture, prediction.regions, 64).picture).toBe(picture);
  });
});

describe('reportResult', () => {
  it('stores small pictures but keeps regions in pixels of the original', async () => {
    const { picture, prediction, model } = await tested(spotPicture(250, { side: 600, spot: 100 }));
    const result = await reportResult('a.png', { picture, prediction }, model);
    const input = await decodePicture(result.pictures!.input.bytes);
    expect([input.width, input.height]).toEqual([480, 480]);
    expect(result.regions[0]!.box).toEqual([4, 4, 100, 100]);
    expect(result).toMatchObject({ name: 'a.png', anomalous: true, truth: null });
  });
});

describe('ReportResults', () => {
  it('keeps the pictures of wrong verdicts and of the highest scores', async () => {
    const { model, ...file } = await tested(spotPicture(250));
    const one = await reportResult('x', file, model);
    const results = new ReportResults(2);
    const missed = { anomalous: true, kind: 'burn' };
    for (const [name, score] of Object.entries({ a: 1, b: 5, c: 9, d: 7, e: 3 }))
      results.add({ ...one, name, score, anomalous: name !== 'a', truth: name === 'a' ? missed : null });
    const kept = results.all().filter(({ pictures }) => pictures !== null);
    expect(kept.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(results.all()).toHaveLength(5);
  });
});
