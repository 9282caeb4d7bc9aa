// Opens a data folder and tells its parent how that went; then stays until it is killed, or is told to close.
import { setuid } from 'node:process';
import { parentChannel } from '../../../vision/runtime/child.ts';
import { systemClock } from '../clock.ts';
import { openDataFolder } from '../data-folder.ts';
import { systemIds } from '../ids.ts';

export interface Order {
  readonly dataDir: string;
  readonly rootDir: string;
  /** Give up the rights of root first, where we have them. */
  readonly unprivileged?: boolean;
}

export type Answer =
  | { readonly opened: string; readonly remembered: boolean }
  | { readonly code: string; readonly message: string };

const channel = parentChannel<Order, Answer>();
channel.receive(async ({ unprivileged, ...options }) => {
  if (unprivileged && process.getuid?.() === 0) setuid!(65534);
  try {
    const { id, remembered } = await openDataFolder({ ...options, clock: systemClock, ids: systemIds });
    await channel.send({ opened: id, remembered });
  } catch (error) {
    await channel.send({
      code: String((error as { code?: string }).code),
      message: (error as Error).message,
    });
  }
});
