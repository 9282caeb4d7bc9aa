// Files that a person dropped or chose, folders walked to their end.

/** A file, and where it lies below what was dropped: "lot 7/good/003.png". */
export interface FoundFile {
  readonly file: File;
  readonly path: string;
}

/** To be called within the event: the browser forgets what was dropped once its handler has returned. */
export function droppedFiles(transfer: DataTransfer): Promise<readonly FoundFile[]> {
  const entries = [...transfer.items].flatMap((item) =>
    item.kind === 'file' ? [item.webkitGetAsEntry?.() ?? item.getAsFile()] : [],
  );
  return Promise.all(entries.map(filesOf)).then((lists) => lists.flat());
}

export function chosenFiles(list: FileList | null): FoundFile[] {
  return [...(list ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** Whether a drag holds files, and not text or a picture of the page. */
export function holdsFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

async function filesOf(entry: FileSystemEntry | File | null): Promise<FoundFile[]> {
  if (entry === null) return [];
  if (entry instanceof File) return [{ file: entry, path: entry.name }];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, path: entry.fullPath.replace(/^\//, '') }];
  }
  const found: FoundFile[] = [];
  for (const child of await childrenOf(entry as FileSystemDirectoryEntry))
    found.push(...(await filesOf(child)));
  return found;
}

/** Browsers give a folder's entries a hundred at a time. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all.sort((a, b) => (a.name < b.name ? -1 : 1));
    all.push(...some);
  }
}
