// okapi-vision/autodiff: differentiable graphs in TypeScript, compiled to ONNX.
export { check } from './check.ts';
export { gradients } from './grad.ts';
export { type Graph, graph, type Node, type Value } from './graph.ts';
export { fromHalf, toHalf } from './half.ts';
export * from './nn/initializers.ts';
export * as layers from './nn/layers.ts';
export { type Parameter, Parameters, Scope } from './nn/parameters.ts';
export { type Inputs, type InputTypes, trace } from './nn/trace.ts';
export { toOnnx } from './onnx/to-onnx.ts';
export * from './ops/build.ts';
export * from './optim/optimizers.ts';
export * from './optim/schedules.ts';
export { print } from './print.ts';
export { Random, type RandomState } from './random.ts';
export { simplify } from './rewrite.ts';
export type { LoadOptions, Runtime, RuntimeSession, RuntimeTensor, TypedArray } from './runtime.ts';
export { type DType, GraphError, type Shape, type TensorType, typeText } from './tensor.ts';
export { type StepRates, type StepResult, type TrainState, TrainStep } from './train-step.ts';
