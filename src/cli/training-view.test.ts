import { describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../vision/training/events.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';
import { trainingView } from './training-view.ts';

const step: TrainingEvent = {
  type: 'step',
  phase: 'main',
  epoch: 3,
  epochs: 10,
  step: 1,
  steps: 4,
  loss: 0.05,
  learningRate: 1e-4,
  progress: 0.25,
  secondsLeft: 65,
};
const epoch: TrainingEvent = {
  type: 'epoch',
  phase: 'main',
  epoch: 3,
  epochs: 10,
  loss: 0.0421,
  validationLoss: 0.0398,
  learningRate: 1e-4,
  best: true,
};

describe('a training on a build server', () => {
  it('is a line for each epoch, with the time left', () => {
    const terminal = capturedTerminal();
    const view = trainingView(terminal);
    for (const event of [step, epoch, { ...epoch, epoch: 4, phase: 'fold 1 of 3', best: false }])
      view.show(event);
    view.close();
    expect(terminal.notes).toEqual([
      'epoch  3 of 10, loss 0.04210, held-out 0.03980 (best so far), 1 min 5 s left',
      'fold 1 of 3: epoch  4 of 10, loss 0.04210, held-out 0.03980, 1 min 5 s left',
    ]);
    expect(terminal.drawn()).toBe('');
  });

  it('names each file that is left out', () => {
    const terminal = capturedTerminal();
    const refused = [{ file: 'a/b.png', code: 'image.empty', message: 'the file has no bytes' }];
    trainingView(terminal).show({ type: 'pictures', used: 8, copies: 1, refused });
    expect(terminal.notes).toEqual([
      'left out a/b.png: the file has no bytes (image.empty)',
      '8 pictures, 1 copy of others left out',
    ]);
  });

  it('says where it goes on', () => {
    const terminal = capturedTerminal();
    trainingView(terminal).show({ type: 'resumed', phase: 'main', epoch: 4, step: 2 });
    expect(terminal.notes).toEqual(['going on after epoch 4 and 2 steps']);
  });
});

describe('a training on a terminal', () => {
  it('is a bar with the time left, and no line for each epoch', () => {
    const terminal = capturedTerminal({ bars: true });
    const view = trainingView(terminal);
    view.show(step);
    view.show(epoch);
    view.close();
    expect(terminal.drawn()).toMatch(
      /training {2}█+░+ {2}25 % {2}epoch 3 of 10 {2}loss 0\.05000 {2}1 min 5 s left/,
    );
    expect(terminal.notes).toEqual([]);
  });

  it('takes the bar away before a remark and at the end', () => {
    const terminal = capturedTerminal({ bars: true });
    const view = trainingView(terminal);
    view.show(step);
    const clearLine = '\u001b[2K';
    expect(terminal.drawn().endsWith(clearLine)).toBe(false);
    view.show({ type: 'note', text: 'mind this' });
    expect(terminal.notes).toEqual(['mind this']);
    expect(terminal.drawn().endsWith(clearLine)).toBe(true);
    view.show(step);
    view.close();
    expect(terminal.drawn().endsWith(clearLine)).toBe(true);
  });
});
