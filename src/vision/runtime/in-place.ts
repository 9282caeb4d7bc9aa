// Makes the engine leave results where the caller wants them, without a second copy.
//
// onnxruntime-node 1.30 writes a result into the array that the caller gave for it and then copies it once more into
// a fresh array to return. For a training step that copy is its whole state: 105 MB took 60 to 90 ms and as much
// memory again, every step. The copies are made in the order of the model's outputs, and the first that cannot be
// returned to JavaScript (a sequence) ends them. So we put an empty sequence before all other outputs, and ask for it
// whenever every other result has its array: the run is then complete, only the copying is skipped.

import { WireWriter } from '../../autodiff/onnx/wire.ts';

export const stopName = 'okapi/stop';

/** The model with the empty sequence as its first output. Joining protobuf messages merges them. */
export function withStop(model: Uint8Array): Uint8Array {
  const stop = stopModel();
  const out = new Uint8Array(stop.length + model.length);
  out.set(stop);
  out.set(model, stop.length);
  return out;
}

/** Whether a run ended at the sequence, with everything before it done. */
export function stoppedInPlace(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Non tensor type is temporarily not supported');
}

/** ModelProto { graph { node { SequenceEmpty }, output { sequence of float } } }, by field numbers of onnx.proto3. */
function stopModel(): Uint8Array {
  const node = new WireWriter();
  node.string(2, stopName); // NodeProto.output
  node.string(4, 'SequenceEmpty'); // NodeProto.op_type
  const output = new WireWriter();
  output.string(1, stopName); // ValueInfoProto.name
  output.message(2, wrap(4, wrap(1, wrap(1, float())))); // TypeProto.sequence_type.elem_type.tensor_type
  const graph = new WireWriter();
  graph.message(1, node);
  graph.message(12, output);
  return wrap(7, graph).finish();
}

function wrap(field: number, body: WireWriter): WireWriter {
  const out = new WireWriter();
  out.message(field, body);
  return out;
}

function float(): WireWriter {
  const out = new WireWriter();
  out.int(1, 1); // TypeProto.Tensor.elem_type = FLOAT
  return out;
}
