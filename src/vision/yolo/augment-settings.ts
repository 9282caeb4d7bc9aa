// How far the training samples of an object detector may differ from the pictures they are made of.

export interface DetectionAugmentation {
  /** Sizes are multiplied by 1 - scale to 1 + scale. */
  readonly scale: number;
  /** The sample is moved by up to this share of its side, in both directions. */
  readonly translate: number;
  /** Probability that left and right are swapped. */
  readonly flipHorizontal: number;
  /** Probability that top and bottom are swapped. */
  readonly flipVertical: number;
  /** The hue is turned by up to this share of the circle. */
  readonly hue: number;
  /** The saturation is multiplied by 1 - x to 1 + x. */
  readonly saturation: number;
  /** The value (of HSV) is multiplied by 1 - x to 1 + x. */
  readonly value: number;
  /** A box is kept when at least this share of its area is in the sample ... */
  readonly leastShare: number;
  /** ... and both its sides have at least this many pixels there. */
  readonly leastSide: number;
}

export const defaultDetectionAugmentation: DetectionAugmentation = {
  scale: 0.5,
  translate: 0.1,
  flipHorizontal: 0.5,
  flipVertical: 0,
  hue: 0.015,
  saturation: 0.7,
  value: 0.4,
  leastShare: 0.1,
  leastSide: 2,
};
