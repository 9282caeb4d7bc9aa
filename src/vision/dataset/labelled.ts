// Pictures with labelled boxes: what an object detector learns from and is judged by.

/** [x1, y1, x2, y2]: the top left and the bottom right corner. Whoever holds one says in what unit. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

export interface LabelledBox {
  /** Index into the names of the classes. */
  readonly classId: number;
  readonly box: Box;
}

export interface LabelledPicture {
  /** The path of the picture. */
  readonly file: string;
  /** In shares 0..1 of the picture's width and height, as it is seen (after EXIF orientation). */
  readonly boxes: readonly LabelledBox[];
}

/** Plain values, so that it can be sent to another process. */
export interface LabelledDataset {
  readonly classes: readonly string[];
  readonly train: readonly LabelledPicture[];
  readonly val: readonly LabelledPicture[];
}
