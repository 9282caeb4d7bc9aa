// Files that are no checkpoint of ours: what they are, by their bytes, and how to get one from them.
import { OkapiError } from '../errors.ts';

interface ForeignFormat {
  readonly name: string;
  readonly matches: (start: string) => boolean;
  readonly advice: string;
}

const fromPython = 'load it in Python and save its weights: torch.save(model.state_dict(), "weights.pt")';
const downloadAgain = 'download the file again, from its direct address';

/** Asked in this order; `start` is the first kilobyte as latin1. */
const foreignFormats: readonly ForeignFormat[] = [
  { name: 'an empty file', matches: (start) => start === '', advice: 'copy or download the file again' },
  {
    name: 'a Git LFS pointer, not the file it points to',
    matches: (start) => start.startsWith('version https://git-lfs.github.com/spec/'),
    advice: 'fetch the file itself with: git lfs pull',
  },
  {
    name: 'an HTML or XML page, probably the error page of a download',
    matches: (start) => /^(\xef\xbb\xbf)?\s{0,64}<(!doctype|html|head|\?xml|!--)/i.test(start),
    advice: downloadAgain,
  },
  {
    name: 'a JSON text, probably the error message of a download',
    matches: (start) => /^\s{0,64}\{\s{0,64}"/.test(start),
    advice: downloadAgain,
  },
  { name: 'a GGUF model', matches: (start) => start.startsWith('GGUF'), advice: fromPython },
  { name: 'a TensorFlow Lite model', matches: (start) => start.slice(4, 8) === 'TFL3', advice: fromPython },
  {
    name: 'an HDF5 file, as Keras writes it',
    matches: (start) => start.startsWith('\x89HDF\r\n\x1a\n'),
    advice: 'convert the network to PyTorch or safetensors first',
  },
  {
    name: 'a NumPy array',
    matches: (start) => start.startsWith('\x93NUMPY'),
    advice: 'save the arrays by name with safetensors.numpy.save_file',
  },
  {
    name: 'a tar archive, as torch before 0.2 wrote them',
    matches: (start) => start.slice(257, 262) === 'ustar',
    advice: fromPython,
  },
  {
    name: 'a gzip file',
    matches: (start) => start.startsWith('\x1f\x8b'),
    advice: 'unpack it first',
  },
  { name: 'an ONNX model', matches: looksLikeOnnx, advice: 'ask for the weights it was exported from' },
];

// Protobuf: field 1 (ir_version, a small number), then field 2, 3, 4, 7 or 8 (producer to opset), all of bytes.
function looksLikeOnnx(start: string): boolean {
  return (
    start[0] === '\x08' && start.charCodeAt(1) <= 0x20 && '\x12\x1a\x22\x3a\x42'.includes(start[2] ?? '?')
  );
}

/** Throws checkpoint.unsupported_format, saying what the file is and what to do about it. */
export function refuseForeignFormat(bytes: Uint8Array): never {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  const format = foreignFormats.find((row) => row.matches(start));
  throw unsupported(
    format?.name ?? `a file of an unknown format (it begins with ${hex(bytes)})`,
    format?.advice ?? fromPython,
  );
}

/** Archives that share the ZIP layout with torch.save, by a file inside them. */
const foreignArchives: readonly { file: RegExp; name: string; advice: string }[] = [
  {
    file: /^[^/]+\/(constants\.pkl|code\/.*)$/,
    name: 'a TorchScript program',
    advice: 'save its weights, in Python: torch.save(torch.jit.load(path).state_dict(), "weights.pt")',
  },
  {
    file: /(^|\/)(archive_format|serialized_exported_program\.json)$/,
    name: 'a program saved by torch.export (.pt2)',
    advice: 'save its weights, in Python: torch.save(dict(torch.export.load(path).state_dict), "weights.pt")',
  },
  {
    file: /^model\.weights\.h5$/,
    name: 'a Keras model',
    advice: 'convert the network to PyTorch or safetensors first',
  },
  {
    file: /\.npy$/,
    name: 'a NumPy archive (.npz)',
    advice: 'save the arrays by name with safetensors.numpy.save_file',
  },
];

/** Throws checkpoint.unsupported_format when the names in a ZIP archive are those of another kind of file. */
export function refuseForeignArchive(names: Iterable<string>): void {
  for (const name of names) {
    const archive = foreignArchives.find((row) => row.file.test(name));
    if (archive) throw unsupported(archive.name, archive.advice);
  }
}

/** The error for a file that is no state dict: what came, and what to do. */
export function unsupported(what: string, advice: string): OkapiError {
  return new OkapiError(
    'checkpoint.unsupported_format',
    `expected a .pt, .pth or .safetensors file with tensors, got ${what}. What to do: ${advice}`,
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 4)).toString('hex');
}
