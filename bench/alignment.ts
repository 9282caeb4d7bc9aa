// Whether bringing pictures into the place of a reference picture helps `auto`: as drawn, moved, and moved and aligned.
//   npx tsx bench/alignment.ts [boards] [gear] [--good 20] [--seed 0]
// Moved: up to 15 degrees and 12 % of the sides. Aligned: rotation by trial, 1 degree apart, translation by phase correlation
// (Kuglin and Hines 1975) at 64x64, then both refined at 128x128 to the least difference, against the first good picture.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/autodiff/random.ts';
import { listDataset } from '../src/vision/dataset/folder.ts';
import { anomalyDetector } from '../src/vision/detectors/detector.ts';
import { loadDetector } from '../src/vision/detectors/load-detector.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import { evaluateDetector } from '../src/vision/evaluation/evaluate-detector.ts';
import { decodePicture } from '../src/vision/image/decode.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { type Movement, move } from '../src/vision/image/move.ts';
import type { Picture } from '../src/vision/image/picture.ts';
import { resize } from '../src/vision/image/resize.ts';
import { openRuntime } from '../src/vision/runtime/open-runtime.ts';
import { writeSet } from './quality/write-sets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { good: { type: 'string', default: '20' }, seed: { type: 'string', default: '0' } },
});
/** Sides of the pictures that are compared, in pixels: by phase, and by difference. */
const N = 64;
const FINE = 128;
const MOST_DEGREES = 20;

type Change = (picture: Picture, name: string) => Picture;

for (const name of positionals.length > 0 ? positionals : ['boards', 'gear']) {
  const dir = await mkdtemp(join(tmpdir(), 'okapi-alignment-'));
  await writeSet(dir, name, Number(values.seed), { good: Number(values.good), testGood: 20, perDefect: 4 });
  console.log(`${name}, as drawn: ${await aurocIn(dir)}`);
  const random = new Random(Number(values.seed));
  await eachPicture(dir, (picture, file) => move(picture, someMove(random.fork(file), picture.width)));
  console.log(`${name}, moved: ${await aurocIn(dir)}`);
  const [first] = (await listDataset(dir)).train;
  const reference = await decodePicture(await readFile(first!));
  await eachPicture(dir, (picture) => aligned(picture, reference, spectrumOf(reference)));
  console.log(`${name}, moved and aligned: ${await aurocIn(dir)}`);
  await rm(dir, { recursive: true });
}

function someMove(random: Random, size: number): Movement {
  const angle = random.uniform(-15, 15) * (Math.PI / 180);
  return { angle, scale: 1, dx: random.uniform(-0.12, 0.12) * size, dy: random.uniform(-0.12, 0.12) * size };
}

async function eachPicture(dir: string, change: Change): Promise<void> {
  for (const folder of ['train', 'test'])
    for (const file of await readdir(join(dir, folder), { recursive: true })) {
      if (!file.endsWith('.png')) continue;
      const path = join(dir, folder, file);
      const picture = await decodePicture(await readFile(path));
      await writeFile(path, await encodePicture(change(picture, `${folder}/${file}`), 'png'));
    }
}

async function aurocIn(dir: string): Promise<string> {
  const { train, test } = await listDataset(dir);
  const folder = join(dirname(dir), `${basename(dir)}-model`);
  const fixed = { stateFolder: `${folder}.training`, resume: false, device: 'cpu' };
  await trainDetector({ kind: 'auto', pictures: train, folder, ...fixed });
  const runtime = await openRuntime({ device: 'cpu' });
  const detector = anomalyDetector(await loadDetector(folder, runtime));
  const pictures = test.map((one) => ({ ...one, mask: null })); // masks do not move along
  const { imageAuroc, confusion } = await evaluateDetector(detector, pictures);
  await detector.close();
  await runtime.close();
  await rm(folder, { recursive: true });
  const bad = pictures.filter(({ defect }) => defect !== null).length;
  const { truePositives, falsePositives } = confusion;
  return `AUROC ${imageAuroc.value?.toFixed(3)}, found ${truePositives} of ${bad}, false alarms ${falsePositives} of ${pictures.length - bad}`;
}

/** Complex numbers [N * N], as their two parts. */
interface Plane {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The picture moved to where it fits the reference best. */
function aligned(picture: Picture, reference: Picture, spectrum: Plane): Picture {
  let best = { angle: 0, ...peakOf(spectrum, spectrumOf(picture)) };
  for (let degrees = -MOST_DEGREES; degrees <= MOST_DEGREES; degrees++) {
    const angle = (degrees * Math.PI) / 180;
    const turned = move(resize(picture, N, N, 'area'), { angle, scale: 1, dx: 0, dy: 0 });
    const found = { angle, ...peakOf(spectrum, spectrumOf(turned)) };
    if (found.height > best.height) best = found;
  }
  const { angle, dx, dy } = refined(picture, reference, [best.angle, best.dx * 2, best.dy * 2]);
  const scale = picture.width / FINE;
  return move(picture, { angle, scale: 1, dx: dx * scale, dy: dy * scale });
}

/** Steps along each of angle, dx and dy that lessen the difference, ever smaller ones; in pixels of FINE. */
function refined(picture: Picture, reference: Picture, start: readonly number[]) {
  const [small, target] = [resize(picture, FINE, FINE, 'area'), resize(reference, FINE, FINE, 'area')];
  const asMovement = ([angle, dx, dy]: readonly number[]) => ({ angle: angle!, scale: 1, dx: dx!, dy: dy! });
  let [best, least] = [start, difference(move(small, asMovement(start)), target)];
  for (const step of [1, 0.5, 0.25])
    for (let tries = 0, moved = true; moved && tries < 8; tries++) {
      moved = false;
      for (const [i, unit] of [0.014, 1.5, 1.5].entries())
        for (const sign of [-1, 1]) {
          const next = best.map((v, k) => (k === i ? v + sign * step * unit : v));
          const found = difference(move(small, asMovement(next)), target);
          if (found < least) [best, least, moved] = [next, found, true];
        }
    }
  return asMovement(best);
}

/** Mean over the middle, where both show the part. */
function difference(a: Picture, b: Picture): number {
  let sum = 0;
  const [from, to] = [FINE / 5, FINE - FINE / 5].map(Math.round) as [number, number];
  for (let y = from; y < to; y++)
    for (let at = 3 * (y * FINE + from); at < 3 * (y * FINE + to); at++)
      sum += Math.abs(a.data[at]! - b.data[at]!);
  return sum;
}

function spectrumOf(picture: Picture): Plane {
  const { data } = resize(picture, N, N, 'area');
  const grey = Float64Array.from(
    { length: N * N },
    (_, i) => data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!,
  );
  const mean = grey.reduce((a, b) => a + b, 0) / grey.length;
  const window = (i: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / N);
  const re = grey.map((v, i) => (v - mean) * window(i % N) * window(Math.floor(i / N)));
  return transform({ re, im: new Float64Array(N * N) }, -1);
}

/** How far `other` must go to lie as the reference does, in pixels of N, and how sure that is. */
function peakOf(a: Plane, b: Plane): { height: number; dx: number; dy: number } {
  const [re, im] = [new Float64Array(N * N), new Float64Array(N * N)];
  for (let i = 0; i < re.length; i++) {
    const x = a.re[i]! * b.re[i]! + a.im[i]! * b.im[i]!;
    const y = a.im[i]! * b.re[i]! - a.re[i]! * b.im[i]!;
    const length = Math.hypot(x, y) + 1e-9;
    re[i] = x / length;
    im[i] = y / length;
  }
  const { re: peaks } = transform({ re, im }, 1);
  const at = peaks.reduce((most, v, i) => (v > peaks[most]! ? i : most), 0);
  const signed = (k: number) => (k > N / 2 ? k - N : k);
  return { height: peaks[at]!, dx: signed(at % N), dy: signed(Math.floor(at / N)) };
}

/** The discrete Fourier transform along both sides, not scaled; `sign` -1 forwards, 1 back. */
function transform(plane: Plane, sign: number): Plane {
  return along(along(plane, sign), sign);
}

/** Along x, transposed. */
function along({ re, im }: Plane, sign: number): Plane {
  const out = { re: new Float64Array(N * N), im: new Float64Array(N * N) };
  const cos = Float64Array.from({ length: N }, (_, k) => Math.cos((2 * Math.PI * k) / N));
  const sin = Float64Array.from({ length: N }, (_, k) => sign * Math.sin((2 * Math.PI * k) / N));
  for (let y = 0; y < N; y++)
    for (let k = 0; k < N; k++) {
      let [x, z] = [0, 0];
      for (let n = 0; n < N; n++) {
        const [c, s] = [cos[(k * n) % N]!, sin[(k * n) % N]!];
        x += re[y * N + n]! * c - im[y * N + n]! * s;
        z += re[y * N + n]! * s + im[y * N + n]! * c;
      }
      out.re[k * N + y] = x;
      out.im[k * N + y] = z;
    }
  return out;
}
