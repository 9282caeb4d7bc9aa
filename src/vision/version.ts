// The versions of the product and of its engine, from the package file: the one place that reads it.
import { createRequire } from 'node:module';

export interface Versions {
  readonly okapi: string;
  /** As the package asks for it. */
  readonly onnxruntime: string;
}

/** The package file lies two folders up from src/vision as from dist/vision. */
export function versions(): Versions {
  const { version, dependencies } = createRequire(import.meta.url)('../../package.json') as {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return { okapi: version, onnxruntime: dependencies['onnxruntime-node']! };
}
