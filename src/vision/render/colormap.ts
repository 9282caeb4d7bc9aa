// Colours for levels 0..255: 768 bytes, red, green and blue of each level.

/** The JET of OpenCV, within one level: three trapezoids of slope 4. For previews of imported models only. */
export function jet(): Uint8Array {
  const ramp = (up: number, down: number) => Math.max(0, Math.min(255, up, down));
  return table((i) => [
    ramp(4 * i - 382, 1148 - 4 * i),
    ramp(4 * i - 128, 892 - 4 * i),
    ramp(4 * i + 128, 638 - 4 * i),
  ]);
}

/**
 * Our own map from near black through violet and red to amber. Its lightness rises evenly, so that the order of levels is
 * also seen in grey print and by the colour-blind; it ends short of white, so that the top stands out on a pale part too.
 * Stops are in OKLCH (Ottosson 2020).
 */
export function ember(): Uint8Array {
  return table((i) => {
    const at = (i / 255) * (EMBER.length - 1);
    const k = Math.min(Math.floor(at), EMBER.length - 2);
    const [from, to] = [EMBER[k]!, EMBER[k + 1]!];
    const mix = (n: 0 | 1 | 2) => from[n] + (at - k) * (to[n] - from[n]);
    return oklchToSrgb(mix(0), mix(1), mix(2));
  });
}

/** Lightness, chroma, hue in degrees (past 360 so that hues run one way), at even distances. */
const EMBER: readonly (readonly [number, number, number])[] = [
  [0.14, 0.03, 285],
  [0.33, 0.14, 297],
  [0.5, 0.2, 355],
  [0.65, 0.22, 390],
  [0.83, 0.17, 438],
];

function table(colour: (level: number) => readonly number[]): Uint8Array {
  return Uint8Array.from(Array.from({ length: 256 }, (_, i) => colour(i)).flat());
}

function oklchToSrgb(lightness: number, chroma: number, hue: number): number[] {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(gamma);
}

/** Linear light to a byte of sRGB. */
function gamma(linear: number): number {
  const v = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}
