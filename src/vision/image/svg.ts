// Our own drawings as PNG files.
import { sharp } from './sharp.ts';

/**
 * An SVG that this program has made, as a PNG `scale` times its size. Not for drawings of others: what an SVG may ask for
 * is not limited here.
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(Buffer.from(svg), { density: 72 * scale })
      .png({ palette: true })
      .toBuffer(),
  );
}
