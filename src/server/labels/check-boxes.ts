// Checks the boxes of a request: inside the picture, of some size, finite, with clean names.
import type { Ids } from '../platform/ids.ts';
import { cleanLine, invalid } from '../projects/display-text.ts';
import type { LabelBox, NewImageLabel } from './image-label.ts';

const MOST_BOXES = 10_000;
/** Drawn and rounded by a browser, a box may stick out by this share; it is cut at the edge. */
const SLACK = 1e-3;

/** Throws request.invalid, naming the box. */
export function checkedBoxes({ boxes }: NewImageLabel, ids: Ids): LabelBox[] {
  if (boxes.length > MOST_BOXES)
    throw invalid('body.boxes', `expected at most ${MOST_BOXES} boxes, got ${boxes.length}`);
  const seen = new Set<string>();
  return boxes.map((box, i) => {
    const path = `body.boxes.${i}`;
    const id = cleanLine(box.id ?? ids.random(), `${path}.id`, 100);
    if (seen.has(id)) throw invalid(`${path}.id`, 'expected an id that no other box has');
    seen.add(id);
    const across = cut(box.x, box.width, `${path}.x`, `${path}.width`);
    const down = cut(box.y, box.height, `${path}.y`, `${path}.height`);
    const label = cleanLine(box.label, `${path}.label`, 120);
    return { id, label, x: across.start, y: down.start, width: across.length, height: down.length };
  });
}

/** One side of a box within 0 to 1. */
function cut(start: number, length: number, startPath: string, lengthPath: string) {
  if (!(start >= -SLACK && start <= 1))
    throw invalid(startPath, `expected a share from 0 to 1, got ${start}`);
  if (!(length > 0 && start + length <= 1 + SLACK))
    throw invalid(lengthPath, `expected a share above 0 that ends inside the picture, got ${length}`);
  if (start >= 0 && start + length <= 1) return { start, length };
  const from = Math.max(0, start);
  const inside = Math.min(1, start + length) - from;
  if (!(inside > 0)) throw invalid(lengthPath, 'expected a box that is inside the picture');
  return { start: from, length: inside };
}
