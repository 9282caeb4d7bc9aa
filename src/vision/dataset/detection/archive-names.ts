// Names in ZIP archives: decoded as far as they say how, and refused when they lead anywhere but into the archive.
import { OkapiError } from '../../errors.ts';

const DEEPEST = 32;
const LONGEST = 1024;

/**
 * The bytes as text. Names that are no UTF-8, whatever they claim, keep their ASCII letters and show other bytes as %xx: what
 * language they are in is not known, and nothing depends on it. So do characters that act on a terminal or turn text around.
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // NUL stays: it makes a name unsafe.
    return text.normalize('NFC').replace(acting, (c) => (c === '\0' ? c : percent(Buffer.from(c))));
  } catch {
    // In Shift-JIS and its like the second byte of a letter may be that of a backslash.
    return Array.from(bytes, (byte, i) =>
      (byte < 0x80 && byte >= 0x20 && !(byte === 0x5c && (bytes[i - 1] ?? 0) >= 0x80)) || byte === 0
        ? String.fromCharCode(byte)
        : percent([byte]),
    ).join('');
  }
}

const acting = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function percent(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/**
 * The name as a path inside the archive: slashes, no empty parts, no slash at the end. Throws zip.unsafe_path for one that is
 * absolute, has .., a drive, ~ or NUL, is empty, or is deeper or longer than any dataset needs.
 */
export function safePath(name: string): string {
  const slashes = name.replaceAll('\\', '/');
  const parts = slashes.split('/').filter((part) => part !== '' && part !== '.');
  const why =
    name.length > LONGEST
      ? `has ${name.length} characters`
      : slashes.startsWith('/') || /^[A-Za-z]:/.test(slashes)
        ? 'is absolute'
        : parts.includes('..')
          ? 'leads upwards'
          : parts[0]?.startsWith('~')
            ? 'names a home folder'
            : slashes.includes('\0')
              ? 'holds a NUL'
              : parts.length === 0
                ? 'is empty'
                : parts.length > DEEPEST
                  ? `lies in ${parts.length - 1} folders`
                  : null;
  if (why === null) return parts.join('/');
  throw new OkapiError(
    'zip.unsafe_path',
    `expected names of files inside the archive, got ${quotedName(name)}, which ${why}`,
  );
}

/** For messages: cut, and in quotes. */
export function quotedName(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
