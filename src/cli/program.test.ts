import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';

async function okapi(...args: string[]) {
  const terminal = capturedTerminal();
  const code = await runProgram(args, terminal, readEnvironment({}));
  return { code, out: terminal.outLines.join('\n'), notes: terminal.notes.join('\n') };
}

describe('the command line', () => {
  it('shows its commands, examples and exit codes without arguments', async () => {
    const { code, out } = await okapi();
    expect(code).toBe(0);
    for (const text of ['Usage: okapi', 'train', 'eval', '$ okapi demo', 'Exit codes: 0 all well'])
      expect(out).toContain(text);
    expect(await okapi('--help')).toEqual({ code, out, notes: '' });
  });

  it('shows the options of a command with their defaults', async () => {
    const { code, out } = await okapi('train', '--help');
    expect(code).toBe(0);
    for (const text of [
      '--img-size <px>',
      '(default: 256; detect: 320)',
      'mobilenetv3-coco',
      '--resume',
      '$ okapi train parts/good',
    ])
      expect(out).toContain(text);
  });

  it('shows the version of the package', async () => {
    expect((await okapi('--version')).out).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each([
    [['trian', 'x'], "error: unknown command 'trian'\n(Did you mean train?)"],
    [['train', 'x', '--epohs', '3'], "error: unknown option '--epohs'\n(Did you mean --epochs?)"],
    [['train'], "error: missing required argument 'dir'"],
    [['test', 'model'], "error: missing required argument 'pictures'"],
    [['train', 'x', '--lr', 'NaN'], 'Expected a number, got "NaN".'],
    [['train', 'x', '--epochs', '2.5'], 'Expected a whole number, got "2.5".'],
    [['export', 'x', '--format', 'tflite'], 'Allowed choices are onnx, safetensors, pt.'],
    [['demo', '--kind', 'cats'], 'Allowed choices are screws, boards, textures.'],
    [['train', 'x', '--img-size', '100'], 'error: expected --img-size to be a multiple of 32'],
    [['train', 'x', '--img-size', '0'], 'got 0 (option.invalid)'],
    [['train', 'x', '--img-size', '100000'], 'got 100000 (option.invalid)'],
    [['train', 'x', '--epochs', '0'], 'error: expected --epochs to be a whole number from 1'],
    [
      ['train', 'x', '--lr', '1e9'],
      'error: expected --lr to be a number above 0 and at most 1, got 1000000000',
    ],
    [
      ['train', 'x', '--encoder', 'resnet'],
      'error: expected --encoder to be one of dinov3-convnext-tiny, mobilenetv3-coco, got "resnet" (encoder.unknown)',
    ],
    [
      ['train', 'x', '--method', 'autoencoder', '--encoder', 'resnet'],
      'error: expected --encoder to be one of dinov3-convnext-tiny, mobilenetv3-coco, none, got "resnet" (encoder.unknown)',
    ],
  ])('refuses %j, saying what is expected', async (args, expected) => {
    const { code, notes, out } = await okapi(...args);
    expect(notes).toContain(expected);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});
