// What autodiff needs from an ONNX engine. autodiff imports no engine; the caller passes one in.

export type TypedArray =
  | Float32Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Float64Array;

/** A tensor at the engine's door. float16 travels as its bits in a Uint16Array, bool as Uint8Array. */
export interface RuntimeTensor {
  readonly type: string; // an ONNX element type: float32, float16, int32, int64, uint8, bool
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

export interface LoadOptions {
  /** 'fast' plans memory for speed; 'low' gives memory back between nodes. Default 'fast'. */
  readonly memory?: 'fast' | 'low';
}

export interface RuntimeSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph. `fetches` names the outputs wanted; a tensor there receives the result in place
   * (same type and dims), null lets the engine allocate. Without `fetches` all outputs come back.
   */
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches?: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>>;
  close(): Promise<void>;
}

export interface Runtime {
  readonly device: 'cpu' | 'cuda' | 'webgpu' | 'dml' | 'coreml';
  /** Compiles an ONNX model given as its bytes, or as a file path when its weights lie beside it. */
  load(model: Uint8Array | string, options?: LoadOptions): Promise<RuntimeSession>;
}
