// Where an unfinished training is kept: two files that take turns, each with a checksum, so that one is always whole.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../checkpoint/atomic-folder.ts';
import { readSafetensors, safetensorsPieces } from '../checkpoint/safetensors.ts';
import { bytesOf, type NamedTensor, type Tensors } from '../checkpoint/tensors.ts';
import { OkapiError } from '../errors.ts';

/** What a training depends on, by name: settings, data, network. Two trainings of one identity are the same training. */
export type Identity = Readonly<Record<string, string | number>>;

/** `position` is anything that JSON can hold. */
export interface ResumeState<Position> {
  readonly position: Position;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

interface Header<Position> {
  readonly format: 1;
  /** Counts the saves; the file with the higher number is the newer. */
  readonly turn: number;
  readonly identity: Identity;
  readonly position: Position;
}

/** The state of one training in a folder that exists, under a name that is its own there. */
export class ResumeFiles<Position> {
  readonly #folder: string;
  readonly #name: string;
  readonly #identity: Identity;
  #turn = 0;

  constructor(folder: string, name: string, identity: Identity) {
    this.#folder = folder;
    this.#name = name;
    this.#identity = identity;
  }

  /**
   * The newest state that is whole, or null when nothing was saved. Throws checkpoint.incompatible when it belongs to
   * another training, saying what differs, and checkpoint.corrupt when there are files but none is whole.
   */
  async load(): Promise<ResumeState<Position> | null> {
    const files = await Promise.all([0, 1].map((turn) => this.#read(turn)));
    const whole = files.filter((file) => file !== null && file !== 'damaged');
    if (whole.length === 0 && files.includes('damaged'))
      throw new OkapiError(
        'checkpoint.corrupt',
        `the resume state of "${this.#name}" in ${this.#folder} is damaged; start again without it`,
      );
    const newest = whole.sort((a, b) => b.header.turn - a.header.turn)[0];
    if (newest === undefined) return null;
    this.#compare(newest.header.identity);
    this.#turn = newest.header.turn + 1;
    const tensors = [...newest.tensors].map(
      ([name, { shape, data }]) => [name, { shape, data: data as Float32Array }] as const,
    );
    return { position: newest.header.position, tensors: new Map(tensors) };
  }

  /** Replaces the older of the two files. Throws disk.full or disk.io_error; the newer file stays as it is. */
  async save({ position, tensors }: ResumeState<Position>): Promise<void> {
    const header: Header<Position> = { format: 1, turn: this.#turn, identity: this.#identity, position };
    const text = JSON.stringify(header);
    const stored: Tensors = new Map(
      [...tensors].map(([name, { shape, data }]) => [name, { dtype: 'float32', shape, data }]),
    );
    const metadata = { header: text, sha256: digestOf(text, stored) };
    await writeFileAtomic(this.#path(this.#turn), safetensorsPieces(stored, metadata));
    this.#turn++;
  }

  #path(turn: number): string {
    return join(this.#folder, `${this.#name}.${turn % 2}.resume`);
  }

  async #read(turn: number): Promise<{ header: Header<Position>; tensors: Tensors } | 'damaged' | null> {
    const bytes = await readFile(this.#path(turn)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new OkapiError('disk.io_error', `cannot read ${this.#path(turn)}: ${error.message}`);
    });
    if (bytes === null) return null;
    try {
      const { tensors, metadata } = readSafetensors(bytes);
      const text = metadata.get('header') ?? '';
      if (digestOf(text, tensors) !== metadata.get('sha256')) return 'damaged';
      return { header: JSON.parse(text) as Header<Position>, tensors };
    } catch {
      return 'damaged'; // Whatever is wrong with it, the other file may be whole.
    }
  }

  #compare(saved: Identity): void {
    const names = new Set([...Object.keys(saved), ...Object.keys(this.#identity)]);
    const differing = [...names].filter((name) => saved[name] !== this.#identity[name]);
    if (differing.length === 0) return;
    const lines = differing.map(
      (name) => `${name} was ${saved[name] ?? 'not there'}, now ${this.#identity[name] ?? 'not there'}`,
    );
    throw new OkapiError(
      'checkpoint.incompatible',
      `the unfinished training in ${this.#folder} is another one: ${lines.join('; ')}. Ask for the same again, or start anew.`,
    );
  }
}

/** Removes all resume files in a folder, half-written ones too, and the folder when nothing else lies in it. */
export async function clearResumeFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (/\.resume(\.new)?$/.test(name)) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => {}); // other files, or no such folder
}

/** Over the header, then each tensor by name, in an order that does not depend on the file. */
function digestOf(header: string, tensors: ReadonlyMap<string, NamedTensor>): string {
  const hash = createHash('sha256').update(header);
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    hash.update(`\n${name} [${tensor.shape}]\n`).update(bytesOf(tensor));
  }
  return hash.digest('hex');
}
