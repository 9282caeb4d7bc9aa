// The autoencoder as one network: a frozen encoder and the part that is trained, under the names of its state dict.
import {
  add,
  cast,
  constant,
  fill,
  mul,
  type Parameter,
  Parameters,
  type Scope,
  trace,
  transpose,
  type Value,
} from '../../../autodiff/index.ts';
import { matchKeys } from '../../checkpoint/match-keys.ts';
import { type NamedTensor, type Tensors, toFloat32 } from '../../checkpoint/tensors.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { legacyNet } from '../../encoders/legacy-net.ts';
import type { Normalization } from '../../image/planes.ts';
import type { RegionMask } from '../../scoring/region-mask.ts';
import { insidePixels } from '../region-graph.ts';
import { decode } from './decoder.ts';

/** Pictures are fed as they lie in memory: [N, size, size, 3], levels 0..255. */
export const pixelInput = (batch: number, size: number) =>
  ({ shape: [batch, size, size, 3], dtype: 'uint8' }) as const;

export interface Network {
  readonly encoder: Encoder;
  /** How levels become the encoder's input; models of the original feed 0..1 whatever the encoder. */
  readonly normalization: Normalization;
  /** Of the trained part. */
  readonly parameters: Parameters;
  /** Where pictures are looked at; null: everywhere. */
  readonly region: RegionMask | null;
  /** Whether the encoder is worth a cache: it has weights, and they never change. */
  readonly frozen: boolean;
  /** The encoder's feature maps of pixels [N, S, S, 3]. */
  features(pixels: Value): readonly Value[];
  /** The picture of feature maps, [N, 3, S, S] in 0..1. */
  reconstruct(s: Scope, features: readonly Value[]): Value;
}

/** A network with fresh weights from `seed`. */
export function autoencoder(encoder: Encoder, seed: number): Network {
  return build(encoder, new Parameters(seed), encoder.normalization);
}

/** A network with the weights of a state dict. Throws checkpoint.key_mismatch when they do not fit. */
export function restoreAutoencoder(encoder: Encoder, state: Tensors, normalization: Normalization): Network {
  const network = build(encoder, new BlankParameters(0), normalization);
  const trained = new Map([...state].filter(([name]) => !name.startsWith('encoder.')));
  matchKeys(new Map(network.parameters.all().map(({ name, shape }) => [name, shape])), trained);
  for (const { name, data } of network.parameters.all()) data.set(toFloat32(trained.get(name)!, name));
  return network;
}

type DefineArguments = globalThis.Parameters<Parameters['define']>;

/** Weights that begin as zeros, since others will take their place: drawing millions of numbers takes a second. */
class BlankParameters extends Parameters {
  override define(...[name, shape, , options]: DefineArguments): Parameter {
    return super.define(name, shape, fill(0), options);
  }
}

function build(encoder: Encoder, parameters: Parameters, normalization: Normalization): Network {
  const network: Network = {
    encoder,
    normalization,
    parameters,
    region: null,
    frozen: encoder.tensors.size > 0,
    features: (pixels) => encoder.features(normalise(planesOf(pixels), normalization)),
    reconstruct: (s, features) =>
      encoder.name === 'none' ? legacyNet(s, features[0]!) : decode(s, features),
  };
  define(network);
  return network;
}

/** The same weights, blind to what lies outside of a region. */
export function withinRegion(network: Network, region: RegionMask | null): Network {
  if (region === null) return network;
  return { ...network, region, features: (pixels) => network.features(insidePixels(pixels, region)) };
}

/** [N, S, S, 3] levels as float planes [N, 3, S, S]. */
function planesOf(pixels: Value): Value {
  return transpose(cast(pixels, 'float32'), [0, 3, 1, 2]);
}

/** Pixels [N, S, S, 3] as planes in 0..1: what the network is to reconstruct. */
export function targetOf({ region }: Network, pixels: Value): Value {
  return mul(planesOf(insidePixels(pixels, region)), 1 / 255);
}

/** (level * scale - mean) / std for each channel. */
function normalise(planes: Value, { mean, std, scale }: Normalization): Value {
  const factor = constant(
    std.map((s) => scale / s),
    [1, 3, 1, 1],
  );
  const offset = constant(
    mean.map((m, c) => -m / std[c]!),
    [1, 3, 1, 1],
  );
  return add(mul(planes, factor), offset);
}

/** Names all trained weights, by building the network once at a small size. */
function define(network: Network): void {
  const size = network.encoder.levels.at(-1)!.stride * 2;
  trace(network.parameters, {
    inputs: { pixels: pixelInput(1, Math.max(16, size)) },
    build: (s, { pixels }) => ({ y: network.reconstruct(s, network.features(pixels)) }),
  });
}

/** The state dict of the whole network: the encoder's weights under `encoder.`, then the trained ones. */
export function stateDict({ encoder, parameters }: Network): Tensors {
  const frozen = [...encoder.tensors].map(([name, tensor]) => [`encoder.${name}`, tensor] as const);
  const trained = parameters
    .all()
    .map(({ name, shape, data }) => [name, { dtype: 'float32', shape, data } satisfies NamedTensor] as const);
  return new Map([...frozen, ...trained]);
}

/** The part of a state dict that lies under `encoder.`, without the prefix. */
export function encoderTensors(state: Tensors): Tensors {
  const prefix = 'encoder.';
  const rows = [...state].filter(([name]) => name.startsWith(prefix));
  return new Map(rows.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
