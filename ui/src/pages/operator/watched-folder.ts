// A folder that is watched for new pictures: looked through again and again, each file handed on once it is whole.

/** What is used of a FileSystemDirectoryHandle. */
export interface Folder {
  readonly name: string;
  values(): AsyncIterable<
    | { readonly kind: 'file'; readonly name: string; getFile(): Promise<File> }
    | { readonly kind: 'directory'; readonly name: string }
  >;
}

const pictures = /\.(jpe?g|png|webp|bmp|tiff?)$/i;

export class WatchedFolder {
  readonly #folder: Folder;
  /** Name to size and moment of what was handed on, or was there at the start. */
  readonly #known = new Map<string, string>();
  /** What was new the last time: handed on when it has not grown since. */
  #growing = new Map<string, string>();

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** What lies in it now is not new. */
  static async open(folder: Folder): Promise<WatchedFolder> {
    const watched = new WatchedFolder(folder);
    for (const file of await watched.#files()) watched.#known.set(file.name, stampOf(file));
    return watched;
  }

  /** Whole new pictures since the last look, the oldest first. Throws when the folder cannot be read. */
  async look(): Promise<File[]> {
    const found: File[] = [];
    const growing = new Map<string, string>();
    for (const file of await this.#files()) {
      const stamp = stampOf(file);
      if (this.#known.get(file.name) === stamp) continue;
      if (file.size > 0 && this.#growing.get(file.name) === stamp) {
        this.#known.set(file.name, stamp);
        found.push(file);
      } else growing.set(file.name, stamp);
    }
    this.#growing = growing;
    return found.sort((a, b) => a.lastModified - b.lastModified || (a.name < b.name ? -1 : 1));
  }

  async #files(): Promise<File[]> {
    const files: File[] = [];
    for await (const entry of this.#folder.values()) {
      if (entry.kind !== 'file' || !pictures.test(entry.name)) continue;
      // One that was taken away meanwhile is none.
      const file = await entry.getFile().catch(() => null);
      if (file !== null) files.push(file);
    }
    return files;
  }
}

const stampOf = ({ size, lastModified }: File) => `${size}.${lastModified}`;

/** null where the browser has none, or the person chose none. */
export async function chooseFolder(): Promise<Folder | null> {
  const choose = (window as { showDirectoryPicker?: () => Promise<Folder> }).showDirectoryPicker;
  if (choose === undefined) return null;
  return choose.call(window).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  });
}

export const canWatchFolders = () => 'showDirectoryPicker' in window;
