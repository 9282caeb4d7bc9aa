// The rule for a fourth channel, shared by the decoder and by the runner, which is handed pixels that a browser decoded.
import type { RawPixels } from './format.ts';
import type { Picture } from './picture.ts';

/** Alpha is composited on black; CMYK becomes R = (255 - C)(255 - K) / 255 and so on, rounded; RGB is taken as it is. */
export function toRgb({ width, height, kind, data }: RawPixels): Picture {
  if (kind === 'rgb') return { width, height, data };
  const rgb = new Uint8Array(width * height * 3);
  // On black, alpha scales the colour; in CMYK, the lack of black ink scales the lack of coloured ink.
  const invert = kind === 'cmyk' ? 255 : 0;
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const scale = data[from + 3]! ^ invert;
    for (let c = 0; c < 3; c++) rgb[to + c] = Math.round(((data[from + c]! ^ invert) * scale) / 255);
  }
  return { width, height, data: rgb };
}
