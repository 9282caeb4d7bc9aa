// The one in-memory form of a picture.

/** 8-bit RGB, rows from the top, interleaved: data[(y * width + x) * 3 + channel]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
