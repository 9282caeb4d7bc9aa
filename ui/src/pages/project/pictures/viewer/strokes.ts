// Strokes of a brush over a picture, and the mask that they leave: white where the defect is, black elsewhere.
export interface Stroke {
  readonly erases: boolean;
  /** Diameter in pixels of the picture. */
  readonly width: number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** As the `d` of an SVG path, and of a Path2D. A single point is a dot. */
export function pathOf({ points }: Stroke): string {
  const [first, ...rest] = points.map(([x, y]) => `${round(x)} ${round(y)}`);
  if (first === undefined) return '';
  return `M${first}${rest.length === 0 ? 'h0' : `L${rest.join('L')}`}`;
}

/**
 * A PNG of the size of the picture, black and white without anything between; null when nothing of it is white.
 * @param base the mask before, such as that of the server
 */
export async function maskOf(
  size: { readonly width: number; readonly height: number },
  base: ImageBitmap | null,
  strokes: readonly Stroke[],
): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillRect(0, 0, size.width, size.height);
  if (base !== null) context.drawImage(base, 0, 0);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of strokes) {
    context.strokeStyle = stroke.erases ? '#000' : '#fff';
    context.lineWidth = stroke.width;
    context.stroke(new Path2D(pathOf(stroke)));
  }
  if (!makeBlackAndWhite(context, size)) return null;
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('the mask cannot be written as PNG')) : resolve(blob)),
      'image/png',
    ),
  );
}

/** Half covered pixels at the edges of strokes count when they are more white than black. Whether any is white. */
function makeBlackAndWhite(
  context: CanvasRenderingContext2D,
  { width, height }: { readonly width: number; readonly height: number },
): boolean {
  const image = context.getImageData(0, 0, width, height);
  const { data } = image;
  let white = 0;
  for (let i = 0; i < data.length; i += 4) {
    const value = data[i]! > 127 ? 255 : 0;
    white += value;
    data[i] = value;
    data[i + 1] = value;
    data[i + 2] = value;
    data[i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return white > 0;
}

const round = (x: number) => Math.round(x * 10) / 10;
