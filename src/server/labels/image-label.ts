// The boxes that a person drew on an image, as they are stored, in the original's labels/<image>.json.
export interface LabelBox {
  readonly id: string;
  readonly label: string;
  /** The top left corner and the sides as shares of the picture, 0 to 1. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ImageLabel {
  /** The stored name of the image. */
  readonly filename: string;
  readonly image_width: number;
  readonly image_height: number;
  readonly boxes: readonly LabelBox[];
  /** null for an image that nobody has labelled. */
  readonly updated_at: string | null;
}

/** A label and its revision; null when nobody has labelled the image. */
export interface LabelDoc {
  readonly label: ImageLabel;
  readonly revision: string | null;
}

/** What a person sends; boxes without an id get one. */
export interface NewImageLabel {
  readonly image_width: number;
  readonly image_height: number;
  readonly boxes: readonly (Omit<LabelBox, 'id'> & { readonly id?: string })[];
}
