// A colour a class, for boxes and curves.
import type { Colour } from './draw.ts';

/**
 * Okabe and Ito, "Color Universal Design" (2008), without black: colours that people with any kind of colour vision tell
 * apart. Neighbours differ in lightness too.
 */
export const classColours: readonly Colour[] = [
  [230, 159, 0],
  [0, 114, 178],
  [240, 228, 66],
  [213, 94, 0],
  [86, 180, 233],
  [0, 158, 115],
  [204, 121, 167],
];

/** The colour of a class; they come round again after seven, where only the written name parts the classes. */
export function colourOf(classId: number): Colour {
  const n = classColours.length;
  return classColours[((Math.trunc(classId) % n) + n) % n] ?? classColours[0]!;
}

/** As CSS and SVG write it: #rrggbb. */
export function hexColour([red, green, blue]: Colour): string {
  return `#${[red, green, blue].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}
