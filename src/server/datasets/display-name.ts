// The name of an uploaded file as people see it. It is text only: no path is ever made from it.

const maxBytes = 255;
/** Control characters, halves of surrogate pairs, separators of lines, invisible marks and those that turn the direction. */
const unwanted = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

/** The last part of the name, in NFC, without what cannot be seen, at most 255 bytes of UTF-8, never empty. */
export function displayName(sent: string): string {
  const last = sent.slice(Math.max(sent.lastIndexOf('/'), sent.lastIndexOf('\\')) + 1);
  // Long before 255 bytes could be lost: NFC shortens a text to a third at most.
  const clean = cut(
    last
      .slice(0, 4 * maxBytes)
      .normalize('NFC')
      .replace(unwanted, '')
      .trim(),
  );
  return clean === '' || clean === '.' || clean === '..' ? 'image' : clean;
}

/** The longest start of a text that has at most 255 bytes, whole code points only. */
function cut(text: string): string {
  let bytes = 0;
  let end = 0;
  for (const point of text) {
    bytes += Buffer.byteLength(point);
    if (bytes > maxBytes) break;
    end += point.length;
  }
  return text.slice(0, end).trimEnd();
}
