// Parsed documents kept in memory, so that a large one is not parsed for every request.
import type { Doc } from './doc-store.ts';
import type { FileStat } from './store-disk.ts';

interface Kept {
  readonly doc: Doc<unknown>;
  readonly stat: FileStat;
}

export class DocumentCache {
  readonly #kept = new Map<string, Kept>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The document, when the file is still the one that was parsed. */
  get(path: string, stat: FileStat): Doc<unknown> | undefined {
    const kept = this.#kept.get(path);
    if (kept === undefined || !isSame(kept.stat, stat)) return undefined;
    // The least recently used one stands first.
    this.#kept.delete(path);
    this.#kept.set(path, kept);
    return kept.doc;
  }

  set(path: string, stat: FileStat, doc: Doc<unknown>): void {
    this.delete(path);
    this.#kept.set(path, { doc, stat });
    this.#bytes += stat.sizeBytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.delete(oldest);
    }
  }

  delete(path: string): void {
    this.#bytes -= this.#kept.get(path)?.stat.sizeBytes ?? 0;
    this.#kept.delete(path);
  }
}

function isSame(a: FileStat, b: FileStat): boolean {
  return a.modifiedMs === b.modifiedMs && a.sizeBytes === b.sizeBytes && a.fileNumber === b.fileNumber;
}
