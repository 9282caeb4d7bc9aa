// The views of pictures that training sees, encoded once each: pixels and the frozen encoder's feature maps.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { Random } from '../../../autodiff/random.ts';
import type { Runtime, RuntimeSession } from '../../../autodiff/runtime.ts';
import { augment, defaultAugmentation } from '../../image/augment.ts';
import type { Picture } from '../../image/picture.ts';
import type { ByteCache } from '../../training/byte-cache.ts';
import type { Feeds } from '../../training/fit.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { featureGraph, viewInputs } from './graphs.ts';
import type { Network } from './network.ts';

/** A view of a picture: 0 is the picture itself. */
export interface ViewKey {
  readonly picture: number;
  readonly view: number;
}

/** Pixels, then each feature map in float16, in the order of `viewInputs`. */
type Tensor = Uint8Array | Uint16Array;

export class Views {
  readonly #network: Network;
  readonly #size: number;
  readonly #seed: number;
  readonly #pictures: GoodPictures;
  readonly #cache: ByteCache;
  readonly #encoder: RuntimeSession | null;

  private constructor(
    parts: { network: Network; size: number; seed: number; pictures: GoodPictures; cache: ByteCache },
    encoder: RuntimeSession | null,
  ) {
    this.#network = parts.network;
    this.#size = parts.size;
    this.#seed = parts.seed;
    this.#pictures = parts.pictures;
    this.#cache = parts.cache;
    this.#encoder = encoder;
  }

  static async open(
    parts: { network: Network; size: number; seed: number; pictures: GoodPictures; cache: ByteCache },
    runtime: Runtime,
  ): Promise<Views> {
    const { network, size } = parts;
    const encoder = network.frozen ? await runtime.load(toOnnx(featureGraph(network, size))) : null;
    return new Views(parts, encoder);
  }

  /** What a training or validation step is fed for these views, one after the other in the batch. */
  async feeds(keys: readonly ViewKey[]): Promise<Feeds> {
    const inputs = Object.entries(viewInputs(this.#network, keys.length, this.#size));
    const batch = inputs.map(([, { shape, dtype }]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return dtype === 'uint8' ? new Uint8Array(count) : new Uint16Array(count);
    });
    for (const [item, key] of keys.entries()) {
      const tensors = await this.#view(key);
      for (const [i, tensor] of tensors.entries()) batch[i]!.set(tensor, item * tensor.length);
    }
    return Object.fromEntries(
      inputs.map(([name, { shape, dtype }], i) => [name, { type: dtype!, dims: shape, data: batch[i]! }]),
    );
  }

  async close(): Promise<void> {
    await this.#encoder?.close();
  }

  async #view({ picture, view }: ViewKey): Promise<Tensor[]> {
    const key = `view ${picture}/${view}`;
    const kept = await this.#cache.get(key);
    if (kept) return this.#unpack(kept);
    const tensors = await this.#encode(
      vary(await this.#pictures.picture(picture), picture, view, this.#seed),
    );
    await this.#cache.put(key, pack(tensors));
    return tensors;
  }

  /** One picture at a time, so that its features do not depend on its neighbours in a batch. */
  async #encode(pixels: Picture): Promise<Tensor[]> {
    if (this.#encoder === null) return [pixels.data];
    const dims = [1, pixels.height, pixels.width, 3];
    const levels = await this.#encoder.run({ pixels: { type: 'uint8', dims, data: pixels.data } });
    return [
      pixels.data,
      ...this.#network.encoder.levels.map((_, i) => levels[`level${i}`]!.data as Uint16Array),
    ];
  }

  #unpack(bytes: Uint8Array): Tensor[] {
    let at = bytes.byteOffset;
    return Object.values(viewInputs(this.#network, 1, this.#size)).map(({ shape, dtype }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const tensor =
        dtype === 'uint8'
          ? new Uint8Array(bytes.buffer, at, count)
          : new Uint16Array(bytes.buffer, at, count);
      at += tensor.byteLength;
      return tensor;
    });
  }
}

function pack(tensors: readonly Tensor[]): Uint8Array {
  const bytes = new Uint8Array(tensors.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of tensors) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** A seeded variation as the original draws them, except that every second view is mirrored, not each by chance. */
function vary(plain: Picture, picture: number, view: number, seed: number): Picture {
  if (view === 0) return plain;
  const random = new Random(seed).fork(`view ${view} of picture ${picture}`);
  return augment(plain, random, { ...defaultAugmentation, flip: view % 2 });
}
