// Where the line's pictures come from: each source gives the next picture when there is one.
import type { Camera } from '../../components/camera.tsx';
import { type Folder, WatchedFolder } from './watched-folder.ts';

export interface PictureSource {
  /** Resolves with the next picture. Rejects when the signal is aborted, and with an Error to show when it has none to give. */
  next(signal: AbortSignal): Promise<File>;
  /** Pictures that could not be sent are sent again: they are of parts that are recorded, not of the one at hand. */
  readonly keeps: boolean;
  /** How many are known to wait. */
  waiting(): number;
}

export interface TriggeredSource extends PictureSource {
  /** Take a picture now. */
  trigger(): void;
}

/** @param intervalMs null: by trigger alone */
export function cameraSource(
  take: Camera['take'],
  intervalMs: number | null,
  silentText: string,
): TriggeredSource {
  let fire: (() => void) | null = null;
  /** Asked for while the part before was still looked at. */
  let isWanted = false;
  return {
    keeps: false,
    waiting: () => 0,
    trigger() {
      isWanted = true;
      fire?.();
    },
    async next(signal) {
      await new Promise<void>((resolve, reject) => {
        const timer = intervalMs === null ? undefined : setTimeout(resolve, intervalMs);
        fire = resolve;
        if (isWanted) resolve();
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
      fire = null;
      isWanted = false;
      const stamp = new Date().toISOString().replaceAll(/[:T]/g, '-').slice(0, 23);
      const file = await take(`camera-${stamp}.jpg`);
      if (file === null) throw new Error(silentText);
      return file;
    },
  };
}

const lookEveryMs = 1000;

export async function folderSource(folder: Folder, goneText: string): Promise<PictureSource> {
  const watched = await WatchedFolder.open(folder);
  const queue: File[] = [];
  return {
    keeps: true,
    waiting: () => queue.length,
    async next(signal) {
      while (queue.length === 0) {
        await pause(lookEveryMs, signal);
        try {
          queue.push(...(await watched.look()));
        } catch {
          throw new Error(goneText);
        }
      }
      return queue.shift()!;
    },
  };
}

export interface FilesSource extends PictureSource {
  add(files: readonly File[]): void;
}

export function filesSource(files: readonly File[]): FilesSource {
  const queue = [...files];
  let wake: (() => void) | null = null;
  return {
    keeps: true,
    waiting: () => queue.length,
    add(more) {
      queue.push(...more);
      wake?.();
    },
    async next(signal) {
      while (queue.length === 0)
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      return queue.shift()!;
    },
  };
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
