// One file on its way to the server, and what became of it.
import type { ImageItem } from '../../../../server/client.ts';

export type Mark = NonNullable<ImageItem['mark']>;

export type FileState =
  | { readonly kind: 'waiting' }
  /** Share of its bytes that are sent; 1: the server looks at it. */
  | { readonly kind: 'sending'; readonly share: number }
  | { readonly kind: 'stored' | 'duplicate'; readonly filename: string }
  /** By the server, under a code of its table, or here. It would be refused again. */
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  /** Another try may go well. */
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'canceled' };

export interface UploadingFile {
  readonly id: number;
  readonly file: File;
  readonly path: string;
  readonly mark: Mark | null;
  readonly state: FileState;
}

export type StateKind = FileState['kind'];

const ended: Readonly<Record<StateKind, boolean>> = {
  waiting: false,
  sending: false,
  stored: true,
  duplicate: true,
  rejected: true,
  failed: true,
  canceled: true,
};

export const hasEnded = ({ state }: UploadingFile): boolean => ended[state.kind];

export function countStates(files: readonly UploadingFile[]): Readonly<Record<StateKind, number>> {
  const counts = { waiting: 0, sending: 0, stored: 0, duplicate: 0, rejected: 0, failed: 0, canceled: 0 };
  for (const { state } of files) counts[state.kind]++;
  return counts;
}
