// One journal in a file: a line of JSON for each entry, `{"seq":1,"value":...}`, growing at its end.
import { dirname } from 'node:path';
import { ServerError } from '../../contract/errors.ts';
import type { JournalEntry } from './doc-store.ts';
import { inFolder, writeDurableFile } from './durable-file.ts';
import { toText } from './json-text.ts';
import { isAbsent, type StoreDisk } from './store-disk.ts';
import type { StoreFolders } from './store-folders.ts';

const newline = 10;

export class JournalFile {
  readonly #disk: StoreDisk;
  readonly #folders: StoreFolders;
  readonly #key: string;
  readonly #path: string;
  /** The whole lines that are known to be there, or null before the first append. */
  #end: { readonly seq: number; readonly bytes: number } | null = null;
  /** Whether the file holds more than its whole lines, or a write or sync of it failed. */
  #needsRepair = false;
  #entryDurable = false;

  constructor(disk: StoreDisk, folders: StoreFolders, key: string, path: string) {
    this.#disk = disk;
    this.#folders = folders;
    this.#key = key;
    this.#path = path;
  }

  /** One call at a time. Returns the last seq. */
  async append(values: readonly unknown[], durable: boolean): Promise<number> {
    const end = await this.#prepare();
    if (values.length === 0) return end.seq;
    const lines = values.map((value, i) => `${toText({ seq: end.seq + 1 + i, value })}\n`);
    const bytes = Buffer.from(lines.join(''));
    try {
      await this.#write(bytes, durable);
    } catch (error) {
      // What reached the file is unknown: the next append writes its whole lines anew before it adds to them.
      this.#needsRepair = true;
      throw error;
    }
    this.#end = { seq: end.seq + values.length, bytes: end.bytes + bytes.length };
    return this.#end.seq;
  }

  /** Entries after a seq. Not changed by an append that goes on meanwhile. */
  async read<T>(after: number, limit: number): Promise<JournalEntry<T>[]> {
    const end = this.#end;
    const found = await this.#bytes();
    const whole = wholeLines(end === null ? found : found.subarray(0, end.bytes));
    const lines = Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString('utf8').split('\n');
    lines.pop();
    return lines
      .slice(after, Math.min(lines.length, after + limit))
      .map((line, i) => this.#parse<T>(line, after + i + 1));
  }

  async #prepare(): Promise<{ readonly seq: number; readonly bytes: number }> {
    if (this.#end === null) {
      const found = await this.#bytes();
      const whole = wholeLines(found);
      const entries = countLines(whole);
      if (entries > 0) this.#parse(lastLine(whole), entries);
      this.#needsRepair = whole.length < found.length;
      this.#end = { seq: entries, bytes: whole.length };
    }
    if (this.#needsRepair) {
      const whole = (await this.#bytes()).subarray(0, this.#end.bytes);
      await writeDurableFile(this.#disk, this.#folders, this.#path, whole, 0);
      this.#needsRepair = false;
    }
    return this.#end;
  }

  async #write(bytes: Uint8Array, durable: boolean): Promise<void> {
    const folder = dirname(this.#path);
    const file = await inFolder(this.#folders, folder, () => this.#disk.append(this.#path));
    try {
      await file.write(bytes);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    if (!durable || this.#entryDurable) return;
    await this.#disk.syncFolder(folder);
    this.#entryDurable = true;
  }

  async #bytes(): Promise<Uint8Array> {
    if (!(await this.#folders.isInside(dirname(this.#path)))) return new Uint8Array();
    try {
      return await this.#disk.read(this.#path);
    } catch (error) {
      if (isAbsent(error)) return new Uint8Array();
      throw error;
    }
  }

  #parse<T>(line: string, seq: number): JournalEntry<T> {
    let entry: JournalEntry<T> | null = null;
    try {
      entry = JSON.parse(line);
    } catch {
      // Told below, with what is wrong with its number.
    }
    if (entry?.seq === seq) return entry;
    throw new ServerError('doc.corrupt', `the journal ${this.#key} is damaged in line ${seq}`);
  }
}

/** All up to the last line break: what follows is a line whose writing was cut short. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(newline) + 1);
}

function countLines(whole: Uint8Array): number {
  let lines = 0;
  for (let at = whole.indexOf(newline); at !== -1; at = whole.indexOf(newline, at + 1)) lines++;
  return lines;
}

function lastLine(whole: Uint8Array): string {
  const start = whole.subarray(0, -1).lastIndexOf(newline) + 1;
  return new TextDecoder().decode(whole.subarray(start, -1));
}
