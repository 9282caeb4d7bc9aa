// The pictures of the original's preview, kept for imported models only.
import type { Picture } from '../image/picture.ts';
import type { Box, Levels } from '../scoring/original-regions.ts';
import { jet } from './colormap.ts';
import { type Colour, drawAnomaly, drawFrame } from './draw.ts';

const ALPHA = 0.45;
/** Levels under this share of 255 leave the picture as it is. */
const DROP_BELOW = 0.2;
const RED: Colour = [255, 0, 0];

/** The levels as a grey picture. */
export function renderOriginalHeatmap({ width, height, data }: Levels): Picture {
  const grey = new Uint8Array(data.length * 3);
  for (let i = 0; i < data.length; i++) grey.fill(data[i]!, i * 3, i * 3 + 3);
  return { width, height, data: grey };
}

/** The picture under JET colours (alpha 0.45 from level 0.2 on), with each box in red and the word ANOMALY. */
export function renderOriginalOverlay(picture: Picture, levels: Levels, boxes: readonly Box[]): Picture {
  const { width, height } = picture;
  if (levels.width !== width || levels.height !== height)
    throw new Error(
      `internal: levels of ${levels.width}x${levels.height} on a picture of ${width}x${height}`,
    );
  const colours = jet();
  const data = picture.data.slice();
  for (let i = 0, o = 0; i < levels.data.length; i++, o += 3) {
    const level = levels.data[i]!;
    if (level < DROP_BELOW * 255) continue;
    for (let c = 0; c < 3; c++)
      data[o + c] = data[o + c]! * (1 - ALPHA) + colours[level * 3 + c]! * ALPHA + 0.5;
  }
  const out = { width, height, data };
  for (const box of boxes) label(out, box);
  return out;
}

/** The word stands above the box, or inside it at the top of the picture. */
function label(picture: Picture, box: Box): void {
  const [x, y] = box;
  const dot = Math.max(1, Math.round(picture.width / 400));
  drawFrame(picture, box, 2, RED);
  const above = y - 8 * dot - 1;
  drawAnomaly(picture, x, above >= 0 ? above : y + 4, dot, RED);
}
