// The door to the ONNX file format: the records, and how they become bytes and come back.

export { decodeModel } from './decode-model.ts';
export { type EncodedModel, type EncodeOptions, encodeModel } from './encode-model.ts';
export type {
  OnnxAttribute,
  OnnxDtype,
  OnnxExternal,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxTypedArray,
  OnnxValueInfo,
} from './model.ts';
