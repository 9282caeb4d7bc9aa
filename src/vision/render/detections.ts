// Detections drawn into a picture: a frame in the colour of the class, and a tag with its name and confidence.
import type { Picture } from '../image/picture.ts';
import type { Detection } from '../scoring/detection.ts';
import { colourOf } from './class-colours.ts';
import { type Colour, drawFrame, fillBox, paint, strokeLines } from './draw.ts';
import { type Lettering, letter, writableName } from './lettering.ts';

const BLACK: Colour = [0, 0, 0];
const WHITE: Colour = [255, 255, 255];
/** Longer names are cut. */
const LONGEST_NAME = 24;

/** A rectangle of whole pixels. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Sizes in pixels that grow with the picture. */
interface Pen {
  readonly line: number;
  readonly halo: number;
  readonly letters: number;
  readonly margin: number;
}

interface Tag {
  readonly place: Place;
  readonly lettering: Lettering;
  readonly colour: Colour;
}

/**
 * A copy of the picture with each detection framed and named, the surest on top. Tags stand where they hide no other tag,
 * without the name and at last not at all where there is no such place; the frames are always drawn. A class whose name
 * has letters that cannot be written (Thai, say) is called "class N". Boxes reach over the edges as they like.
 */
export function renderDetections(
  picture: Picture,
  detections: readonly Detection[],
  classes: readonly string[],
): Picture {
  const out = { ...picture, data: picture.data.slice() };
  const pen = penFor(picture);
  const shown = detections
    .map((detection) => ({ detection, frame: frameOf(detection, picture) }))
    .filter((d): d is Framed => d.frame !== null)
    .sort((a, b) => b.detection.confidence - a.detection.confidence);
  for (const { detection, frame } of [...shown].reverse())
    drawOutline(out, frame, pen, colourOf(detection.classId));
  for (const tag of tagsOf(shown, classes, picture, pen)) drawTag(out, tag, pen);
  return out;
}

interface Framed {
  readonly detection: Detection;
  readonly frame: Place;
}

function penFor({ width, height }: Picture): Pen {
  const side = Math.sqrt(width * height);
  const line = Math.max(1, Math.round(side / 300));
  const letters = Math.max(7, Math.round(side / 52));
  return {
    line,
    halo: Math.max(1, Math.round(line / 2)),
    letters,
    margin: Math.max(2, Math.round(letters / 3)),
  };
}

/** The box in whole pixels, cut off just outside of the picture; null when it is no box or lies outside. */
function frameOf({ box }: Detection, { width, height }: Picture): Place | null {
  const [x1, y1, x2, y2] = box.map(Math.round) as [number, number, number, number];
  if (!(x2 >= x1 && y2 >= y1 && x1 < width && y1 < height && x2 > 0 && y2 > 0)) return null;
  const beyond = width + height;
  const [left, top] = [Math.max(x1, -beyond), Math.max(y1, -beyond)];
  const [right, bottom] = [Math.min(x2, width + beyond), Math.min(y2, height + beyond)];
  return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

/** The line lies on the edge of the box, half inside, with black or white lines along it that part it from any ground. */
function drawOutline(picture: Picture, frame: Place, { line, halo }: Pen, colour: Colour): void {
  const grown = (by: number) =>
    [frame.x - by, frame.y - by, frame.width + 2 * by, frame.height + 2 * by] as const;
  const half = Math.floor(line / 2);
  drawFrame(picture, grown(half + halo), line + 2 * halo, inkOn(colour));
  drawFrame(picture, grown(half), line, colour);
}

/** The tags that find a place; the surest detections choose first. */
function tagsOf(shown: readonly Framed[], classes: readonly string[], picture: Picture, pen: Pen): Tag[] {
  const tags: Tag[] = [];
  for (const { detection, frame } of shown) {
    const sure = `${Math.round(detection.confidence * 100)}%`;
    const name = nameOf(detection.classId, classes);
    const colour = colourOf(detection.classId);
    for (const words of [`${name} ${sure}`, sure]) {
      const lettering = letter(words, pen.letters);
      const place = freePlace(lettering, frame, tags, picture, pen);
      if (place === null) continue;
      tags.push({ place, lettering, colour });
      break;
    }
  }
  return tags;
}

function nameOf(classId: number, classes: readonly string[]): string {
  const name = writableName(classes, classId);
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 3)}...` : name;
}

/** Above the box, below it, then inside: the first place that lies in the picture and on no other tag. */
function freePlace(
  { width, height }: Lettering,
  frame: Place,
  tags: readonly Tag[],
  picture: Picture,
  { line, halo, margin }: Pen,
): Place | null {
  const size = { width: Math.ceil(width) + 2 * margin, height: height + 2 * margin };
  if (size.width > picture.width || size.height > picture.height) return null;
  const out = Math.floor(line / 2) + halo;
  const [left, right] = [frame.x - out, frame.x + frame.width + out - size.width];
  const bottom = frame.y + frame.height;
  const places = [
    [left, frame.y + out - size.height],
    [right, frame.y + out - size.height],
    [left, bottom - out],
    [right, bottom - out],
    [left, frame.y - out],
    [right, bottom + out - size.height],
  ] as const;
  const inside = places
    .map(([x, y]) => ({ ...size, x: Math.max(0, Math.min(x, picture.width - size.width)), y }))
    .filter(({ y }) => y >= 0 && y + size.height <= picture.height);
  const above = { ...size, x: Math.max(0, Math.min(left, picture.width - size.width)), y: 0 };
  return [...inside, above].find((place) => tags.every((tag) => apart(tag.place, place))) ?? null;
}

function apart(a: Place, b: Place): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

function drawTag(picture: Picture, { place, lettering, colour }: Tag, { margin }: Pen): void {
  const { x, y, width, height } = place;
  const small: Picture = { width, height, data: new Uint8Array(width * height * 3) };
  fillBox(small, [0, 0, width, height], colour);
  const strokes = lettering.strokes.map((s) => s.map(([u, v]) => [u + margin, v + margin] as const));
  paint(small.data, strokeLines(strokes, lettering.thickness, width, height), inkOn(colour), 1);
  for (let row = 0; row < height; row++)
    picture.data.set(
      small.data.subarray(row * width * 3, (row + 1) * width * 3),
      ((y + row) * picture.width + x) * 3,
    );
}

/** Black or white, whichever stands out more (relative luminance of WCAG 2). */
function inkOn(colour: Colour): Colour {
  const [red, green, blue] = colour.map((v) => {
    const share = v / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? BLACK : WHITE;
}
