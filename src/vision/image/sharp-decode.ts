// Pixels of the formats that libvips decodes, without any colour conversion but grey to RGB and 16 bit to 8 bit.
import type { OkapiError } from '../errors.ts';
import { corrupt, type RawPixels, type Size, truncated } from './format.ts';
import { sharp } from './sharp.ts';

export interface DecodeOptions {
  readonly isCmyk?: boolean;
  /** What the decoder may not swallow: 'warning' is all that it notices. */
  readonly failOn?: 'warning' | 'error';
}

/** Decodes every row; throws image.truncated or image.corrupt rather than filling in what is missing. */
export async function decodeWithSharp(
  format: string,
  bytes: Uint8Array,
  { width, height }: Size,
  { isCmyk = false, failOn = 'warning' }: DecodeOptions = {},
): Promise<RawPixels> {
  const input = sharp(bytes, { failOn, ignoreIcc: true, limitInputPixels: width * height });
  const space = isCmyk ? 'cmyk' : 'srgb';
  const { data, info } = await (isCmyk ? input.pipelineColourspace('cmyk') : input)
    .toColourspace(space)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw refusal(format, error);
    });
  if (info.width !== width || info.height !== height) {
    throw corrupt(format, `the header says ${width}x${height}, the pixels are ${info.width}x${info.height}`);
  }
  const kind = isCmyk ? 'cmyk' : info.channels === 4 ? 'rgba' : 'rgb';
  if (data.length !== width * height * (kind === 'rgb' ? 3 : 4)) {
    throw new Error(`internal: ${format} decoded to ${info.channels} channels`);
  }
  // A plain array: slice() of a Buffer shares its memory, that of an array copies.
  return { width, height, kind, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

function refusal(format: string, error: Error): OkapiError {
  const reason = error.message.split('\n', 1)[0]!;
  const isShort = /premature end|truncated|too short|not enough|end of file|read error at row/i.test(
    error.message,
  );
  return isShort ? truncated(format, reason) : corrupt(format, reason);
}
