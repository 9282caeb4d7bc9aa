// What an object detector says about a picture: one object, where it is, and how sure it is.
import type { Box } from '../dataset/labelled.ts';

export interface Detection {
  /** Index into the names of the classes. */
  readonly classId: number;
  /** 0..1 */
  readonly confidence: number;
  /** In pixels of the picture. */
  readonly box: Box;
}
