// Words as pen strokes: how wide they are, where the pen goes, and what can be written at all.
import { CAPITAL_HEIGHT, DESCENT, type Stroke, strokeGlyphs } from './stroke-glyphs.ts';

/** In units of the glyphs: between letters, and how wide a blank is. */
const GAP = 3.1;
const BLANK = 4.2;
/** Of a stroke, for letters of the weight of bold print. */
const PEN = 1.75;

/** A word laid out with its upper left corner at (0, 0), in pixels. */
export interface Lettering {
  readonly strokes: readonly Stroke[];
  readonly width: number;
  /** Down to the line on which the letters stand. */
  readonly height: number;
  /** Down to the lowest descender that there may be. */
  readonly depth: number;
  readonly thickness: number;
}

/**
 * The text in letters that there are strokes for: accents are dropped, and null when a letter remains that cannot be
 * written (Thai, say) or nothing remains at all.
 */
export function writable(text: string): string | null {
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return plain !== '' && [...plain].every((c) => c === ' ' || strokeGlyphs.has(c)) ? plain : null;
}

/** The name of a class as it can be written: "class N" for a name with other letters, or for a class without a name. */
export function writableName(classes: readonly string[], classId: number): string {
  return writable(classes[classId] ?? '') ?? `class ${classId}`;
}

/** Lay out a text with capitals `size` pixels high; a letter without strokes is drawn as a question mark. */
export function letter(text: string, size: number): Lettering {
  const unit = size / CAPITAL_HEIGHT;
  const strokes: Stroke[] = [];
  let x = 0;
  for (const c of text) {
    if (c === ' ') {
      x += BLANK;
      continue;
    }
    const glyph = strokeGlyphs.get(c) ?? strokeGlyphs.get('?')!;
    for (const stroke of glyph) strokes.push(stroke.map(([u, v]) => [(x + u) * unit, v * unit] as const));
    x += Math.max(...glyph.flat().map(([u]) => u)) + GAP;
  }
  return {
    strokes,
    width: Math.max(0, x - GAP) * unit,
    height: size,
    depth: DESCENT * unit,
    thickness: Math.max(1.1, PEN * unit),
  };
}
