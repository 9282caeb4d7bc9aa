// The steps of drawing boxes, without a page.
import { describe, expect, it } from 'vitest';
import { boxAt, type DrawnBox, drawn, fromShares, noDrawing, pulled, toShares, within } from './boxes.ts';

const size = { width: 200, height: 100 };
const box = (id: string, x: number, y: number, width: number, height: number): DrawnBox => ({
  id,
  label: 'dent',
  x,
  y,
  width,
  height,
});

describe('drawing boxes', () => {
  it('undoes and redoes step by step, a drag being one', () => {
    let drawing = drawn(noDrawing, { type: 'add', boxes: [box('a', 0, 0, 10, 10)] });
    drawing = drawn(drawing, { type: 'change', box: box('a', 5, 0, 10, 10), first: true });
    drawing = drawn(drawing, { type: 'change', box: box('a', 9, 0, 10, 10), first: false });
    drawing = drawn(drawing, { type: 'undo' });
    expect(drawing.boxes).toEqual([box('a', 0, 0, 10, 10)]);
    drawing = drawn(drawing, { type: 'redo' });
    expect(drawing.boxes[0]!.x).toBe(9);
    drawing = drawn(drawn(drawing, { type: 'undo' }), { type: 'undo' });
    expect(drawing.boxes).toEqual([]);
    expect(drawn(drawing, { type: 'undo' })).toBe(drawing);
  });

  it('forgets what was undone once something else is done', () => {
    const one = drawn(noDrawing, { type: 'add', boxes: [box('a', 0, 0, 10, 10)] });
    const other = drawn(drawn(one, { type: 'undo' }), { type: 'add', boxes: [box('b', 0, 0, 5, 5)] });
    expect(drawn(other, { type: 'redo' })).toBe(other);
  });

  it('has nothing to save after it was loaded', () => {
    expect(drawn(noDrawing, { type: 'load', boxes: [box('a', 0, 0, 10, 10)] }).version).toBe(0);
  });
});

describe('a box', () => {
  it('stays within the picture and never vanishes', () => {
    expect(within(box('a', -20, 95, 50, 50), size)).toEqual(box('a', 0, 50, 50, 50));
    expect(within(box('a', 10, 10, 0, 500), size)).toEqual(box('a', 10, 0, 1, 100));
  });

  it('turns over when a side is pulled past the other', () => {
    expect(pulled(box('a', 50, 50, 20, 20), [1, 0], -40, 0, size)).toEqual(box('a', 30, 50, 20, 20));
  });

  it('inside a larger one is found first', () => {
    const boxes = [box('small', 40, 40, 10, 10), box('large', 0, 0, 100, 100)];
    expect(boxAt(boxes, { x: 45, y: 45 })?.id).toBe('small');
    expect(boxAt(boxes, { x: 5, y: 5 })?.id).toBe('large');
    expect(boxAt(boxes, { x: 150, y: 5 })).toBe(null);
  });

  it('comes back from shares as it was, and shares never leave 0 to 1', () => {
    const boxes = [box('a', 33, 12.5, 167, 87.5)];
    const shares = toShares(boxes, size);
    expect(shares[0]!.x + shares[0]!.width).toBeLessThanOrEqual(1);
    const [back] = fromShares(shares, size);
    expect(back!.x).toBeCloseTo(33, 9);
    expect(back!.height).toBeCloseTo(87.5, 9);
  });
});
