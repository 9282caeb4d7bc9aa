// A graph as an ONNX model, ready to run.
import { check } from '../check.ts';
import type { Graph } from '../graph.ts';
import { type EmitOptions, emit, emittable } from './emit.ts';
import { lower, type Target } from './lower.ts';
import { type EncodedModel, encodeModel, type OnnxModel } from './proto.ts';

export interface OnnxOptions extends EmitOptions {
  /** What will run it. Default 'portable': any ONNX runtime. */
  readonly target?: Target;
}

/** The bytes of the ONNX model of a graph, lowered and simplified. Throws GraphError when an op cannot be written. */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  return encodeModel(onnxModel(graph, options)).bytes;
}

/**
 * As toOnnx, with the weights in a second file when they take more than `thresholdBytes` (default 1 GiB; protobuf ends at
 * 2 GiB). `external` is the content of that file, to be stored under the name `location` in the model's folder, or null.
 */
export function toOnnxFiles(
  graph: Graph,
  options: OnnxOptions & {
    readonly externalData: { readonly location: string; readonly thresholdBytes?: number };
  },
): EncodedModel {
  const { externalData, ...rest } = options;
  return encodeModel(onnxModel(graph, rest), { externalData });
}

function onnxModel(graph: Graph, options: OnnxOptions): OnnxModel {
  const lowered = lower(graph, options.target ?? 'portable');
  check(lowered, emittable);
  return emit(lowered, options);
}
