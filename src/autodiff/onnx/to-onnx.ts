// A graph as an ONNX model, ready to run.
import { check } from '../check.ts';
import type { Graph } from '../graph.ts';
import { emit, emittable } from './emit.ts';
import { lower, type Target } from './lower.ts';
import { encodeModel } from './proto.ts';

export interface OnnxOptions {
  /** What will run it. Default 'portable': any ONNX runtime. */
  readonly target?: Target;
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of the ONNX model of a graph, lowered and simplified. Throws GraphError when an op cannot be written. */
export function toOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  const lowered = lower(graph, options.target ?? 'portable');
  check(lowered, emittable);
  return encodeModel(emit(lowered, options)).bytes;
}
