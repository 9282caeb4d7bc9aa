import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { OkapiError } from '../vision/errors.ts';
import { reportFailure } from './failure.ts';
import { Interrupted } from './interrupt.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';

function reported(error: unknown, debug = false): { code: number; notes: string[] } {
  const terminal = capturedTerminal();
  return { code: reportFailure(error, terminal, debug), notes: terminal.notes };
}

describe('a failure', () => {
  it('is one line with its code, the rest of the message indented', () => {
    const error = new OkapiError('dataset.too_few_images', 'training needs 5\nx.png: empty\n  y.png: empty');
    expect(reported(error)).toEqual({
      code: 1,
      notes: ['error: training needs 5', '  x.png: empty', '  y.png: empty', '(dataset.too_few_images)'],
    });
    expect(reported(new OkapiError('disk.full', 'no space')).notes).toEqual(['error: no space (disk.full)']);
  });

  it('ends with 2 when the command was typed wrongly, with 130 when it was stopped', () => {
    const codes = [
      'option.invalid',
      'encoder.unknown',
      'device.unknown',
      'train.canceled',
      'disk.full',
    ] as const;
    expect(codes.map((code) => reported(new OkapiError(code, 'x')).code)).toEqual([2, 2, 2, 130, 1]);
    expect(reported(new Interrupted())).toEqual({ code: 130, notes: ['stopped by Ctrl-C'] });
    expect(reported(new CommanderError(1, 'commander.unknownOption', 'x'))).toEqual({ code: 2, notes: [] });
    expect(reported(new CommanderError(0, 'commander.help', 'x')).code).toBe(0);
  });

  it('of our own is called one, without a stack trace', () => {
    expect(reported(new Error('internal: no such phase'))).toEqual({
      code: 1,
      notes: [
        'error: no such phase (internal)',
        'This is a fault of okapi. OKAPI_DEBUG=1 shows where it comes from.',
      ],
    });
  });

  it('shows where it comes from when debugging, with its causes', () => {
    const { notes } = reported(new OkapiError('disk.io_error', 'x', { cause: new Error('EIO') }), true);
    expect(notes.join('\n')).toMatch(/failure\.test\.ts[\s\S]*caused by Error: EIO/);
  });

  it('cannot steer the terminal by what stands in file names', () => {
    expect(reported(new OkapiError('image.empty', '\u001b[2Jx')).notes[0]).toBe('error: ?[2Jx (image.empty)');
  });
});
