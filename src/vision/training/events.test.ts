import { describe, expect, it } from 'vitest';
import { parseTrainingEvent } from './events.ts';

const step = {
  type: 'step',
  phase: 'main',
  epoch: 1,
  epochs: 3,
  step: 2,
  steps: 4,
  loss: 0.5,
  learningRate: 1e-4,
  progress: 0.2,
  secondsLeft: null,
};
const picture = { width: 2, height: 1, data: new Uint8Array(6) };

describe('parseTrainingEvent', () => {
  it('takes events as they are sent', () => {
    const refused = [{ file: 'a.png', code: 'image.empty', message: 'no bytes' }];
    const events = [
      step,
      { type: 'device', device: 'cpu', reason: 'as asked' },
      { type: 'pictures', used: 5, copies: 0, refused },
      { type: 'sample', epoch: 1, picture, reconstruction: picture },
      { type: 'note', text: 'hello' },
    ];
    for (const event of events) expect(parseTrainingEvent(event)).toBe(event);
  });

  it.each([
    ['no object', 'step'],
    ['null', null],
    ['an unknown type', { type: 'stop' }],
    ['a name of Object', { type: 'constructor' }],
    ['a missing field', { ...step, loss: undefined }],
    ['a loss that is no number', { ...step, loss: Number.NaN }],
    ['progress over 1', { ...step, progress: 2 }],
    ['a negative count', { ...step, step: -1 }],
    ['a huge text', { type: 'note', text: 'x'.repeat(1e6) }],
    ['an unknown stage', { type: 'stage', stage: 'resting' }],
    [
      'a picture with too few levels',
      { type: 'sample', epoch: 1, picture, reconstruction: { ...picture, width: 3 } },
    ],
    ['a refused file without a reason', { type: 'pictures', used: 1, copies: 0, refused: [{ file: 'a' }] }],
  ])('refuses %s', (_, message) => {
    expect(parseTrainingEvent(message)).toBeNull();
  });
});
