// Turns ONNX Runtime's error texts into sentences without source paths and status codes.

import { stripVTControlCharacters } from 'node:util';

/** The part of an engine's message that tells a reader what is wrong. */
export function readable(error: unknown): string {
  const raw = error instanceof Error ? error.message : String(error);
  const text = stripVTControlCharacters(raw)
    .replaceAll(/\s+/g, ' ')
    // A failed check prints file, line, function and condition; the explanation follows.
    .replace(/^.* was false\. /, '')
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /, '')
    .replace(/^\S*onnxruntime_src\/\S+:\d+ /, '')
    .replace('for the following indices index:', 'at index')
    .replace(' Please fix either the inputs/outputs or the model.', '')
    .trim();
  return /bad_alloc|allocate memory|out of memory/i.test(text) ? `not enough memory (${text})` : text;
}
