// Four pictures around one corner (Bochkovskiy and others, "YOLOv4", 2020): more objects, sizes and neighbours a sample.
import type { LabelledBox } from '../dataset/labelled.ts';
import type { Picture } from '../image/picture.ts';
import type { Piece } from './augment-view.ts';

export interface BoxedPicture {
  readonly picture: Picture;
  /** In shares of the picture. */
  readonly boxes: readonly LabelledBox[];
}

/** Four pictures that meet at the origin of the canvas: left above, right above, left below, right below. */
export function mosaicPieces(four: readonly BoxedPicture[]): Piece[] {
  if (four.length !== 4) throw new Error(`internal: a mosaic takes 4 pictures, got ${four.length}`);
  return four.map(({ picture, boxes }, i) => ({
    picture,
    boxes,
    left: i % 2 === 0 ? -picture.width : 0,
    top: i < 2 ? -picture.height : 0,
  }));
}

/** How far the centre of a view may lie from the corner where the pictures meet, as a share of the sample's side. */
export const MOSAIC_REACH = 0.5;
