// The bad pictures of the reliability list, rows A1 to A21: a name, the bytes and the code with which they are refused.
import { readFileSync } from 'node:fs';
import { encodePicture } from '../../../vision/image/encode.ts';
import { sharp } from '../../../vision/image/sharp.ts';
import {
  frameMarker,
  gradientPicture,
  patched,
  pngChunk,
  pngFile,
  pngHeader,
  webpExtension,
  webpFile,
  withScans,
} from '../../../vision/image/testing/files.ts';

const pixels = gradientPicture(40, 30);
const png = Buffer.from(await encodePicture(pixels, 'png'));
const jpeg = Buffer.from(await encodePicture(pixels, 'jpeg'));
const raw = { raw: { width: 40, height: 30, channels: 3 as const } };
const webp = await sharp(pixels.data, raw).webp({ lossless: true }).toBuffer();
const progressive = await sharp(jpeg).jpeg({ progressive: true }).toBuffer();

const fixture: { cases: { name: string; file: string }[] } = JSON.parse(
  readFileSync(new URL('../../../vision/image/fixtures/decode.json', import.meta.url), 'utf8'),
);
const restarts = Buffer.from(fixture.cases.find(({ name }) => name === 'jpeg with restarts')!.file, 'base64');

function cut(name: string, bytes: Buffer, share: number): [string, Buffer, string] {
  const kept = Math.max(2, Math.floor(bytes.length * share));
  return [`A2 a ${name} cut at ${Math.round(share * 100)} %`, bytes.subarray(0, kept), 'image.truncated'];
}

function lastByteCut(name: string, bytes: Buffer): [string, Buffer, string] {
  return [`A2 a ${name} without its last byte`, bytes.subarray(0, -1), 'image.truncated'];
}

/** For an upload that accepts JPEG, PNG and WebP. */
export const badPictures: readonly (readonly [name: string, bytes: Buffer, code: string])[] = [
  ['A1 no bytes', Buffer.alloc(0), 'image.empty'],
  ...Object.entries({ JPEG: jpeg, PNG: png, WebP: webp }).flatMap(([name, bytes]) => [
    ...[0.01, 0.33, 0.9].map((share) => cut(name, bytes, share)),
    lastByteCut(name, bytes),
  ]),
  ['A3 a wrong check sum in IHDR', patched(png, 29, png[29]! ^ 1), 'image.corrupt'],
  ['A3 a wrong check sum in IDAT', patched(png, png.length - 13, png[png.length - 13]! ^ 1), 'image.corrupt'],
  ['A5 HTML', Buffer.from('<!doctype html><script>alert(1)</script>'), 'image.unsupported_type'],
  ['A5 PDF', Buffer.from('%PDF-1.7\n1 0 obj'), 'image.unsupported_type'],
  ['A5 a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1'), 'image.unsupported_type'],
  ['A5 ZIP', Buffer.from('PK\x03\x04\x14\0\0\0\0\0', 'latin1'), 'image.unsupported_type'],
  ['A5 text', Buffer.from('just some text'), 'image.unsupported_type'],
  ['A6 50000 x 50000 by the header', pngHeader(50000, 50000), 'image.too_many_pixels'],
  ['A8 8000 x 8000', pngFile({ width: 8000, height: 8000, bits: 1, colour: 0 }), 'image.too_many_pixels'],
  ['A9 GIF', Buffer.from('GIF89a\x10\0\x10\0\x80\0\0', 'latin1'), 'image.unsupported_type'],
  [
    'A9 APNG of 10,000 frames',
    pngFile({
      width: 20,
      height: 20,
      extra: [pngChunk('acTL', Buffer.from([0, 0, 0x27, 0x10, 0, 0, 0, 0]))],
    }),
    'image.animated',
  ],
  [
    'A9 animated WebP',
    webpFile([
      ['VP8X', webpExtension(40, 30, 2)],
      ['ANIM', Buffer.alloc(6)],
    ]),
    'image.animated',
  ],
  [
    'A10 SVG with a script',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
    'image.unsupported_type',
  ],
  [
    'A10 SVG with an entity bomb',
    Buffer.from('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "&b;&b;">]><svg>&a;</svg>'),
    'image.unsupported_type',
  ],
  ['A11 HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'), 'image.unsupported_type'],
  ['A11 AVIF', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0', 'latin1'), 'image.unsupported_type'],
  ['A11 JPEG XL', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1'), 'image.unsupported_type'],
  ['A11 ICO', Buffer.from('\0\0\x01\0\x01\0\x10\x10\0\0', 'latin1'), 'image.unsupported_type'],
  ['A11 PSD', Buffer.from('8BPS\0\x01\0\0\0\0', 'latin1'), 'image.unsupported_type'],
  ['A17 a JPEG of 10,000 scans', withScans(progressive, 10_000), 'image.corrupt'],
  ['A18 1 x 1', pngFile({ width: 1, height: 1 }), 'image.too_small'],
  ['A18 8 x 8', pngFile({ width: 8, height: 8 }), 'image.too_small'],
  ['A20 arithmetic JPEG', patched(jpeg, frameMarker(jpeg) + 1, 0xc9), 'image.unsupported_type'],
  ['A20 lossless JPEG', patched(jpeg, frameMarker(jpeg) + 1, 0xc3), 'image.unsupported_type'],
  ['A20 12-bit JPEG', patched(jpeg, frameMarker(jpeg) + 4, 12), 'image.unsupported_type'],
  [
    'A21 a JPEG with a damaged restart segment',
    patched(restarts, restarts.indexOf(Buffer.from([0xff, 0xd1])) + 1, 0xd5),
    'image.corrupt',
  ],
  [
    'A7 pixels that inflate to 2 MB',
    pngFile({ width: 100, height: 100, rows: Buffer.alloc(2e6) }),
    'image.corrupt',
  ],
];
