import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Interrupted, interruptible } from './interrupt.ts';
import { capturedTerminal } from './testing/captured-terminal.ts';

class FakeProcess extends EventEmitter {
  exited: number | null = null;
  exit(code: number): void {
    this.exited = code;
  }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

describe('Ctrl-C', () => {
  it('asks the work to stop, and says so', async () => {
    const terminal = capturedTerminal();
    const source = new FakeProcess();
    const work = interruptible(terminal, 'stopping', untilAborted, source);
    source.emit('SIGINT');
    await expect(work).rejects.toBeInstanceOf(Interrupted);
    expect(terminal.notes).toEqual(['stopping; Ctrl-C again stops at once']);
    expect(source.exited).toBeNull();
  });

  it('pressed again ends the process', async () => {
    const source = new FakeProcess();
    let finish = () => {};
    const work = interruptible(
      capturedTerminal(),
      '',
      () =>
        new Promise<void>((done) => {
          finish = done;
        }),
      source,
    );
    source.emit('SIGINT');
    source.emit('SIGINT');
    expect(source.exited).toBe(130);
    finish();
    await work;
  });

  it('is nothing special any more once the work is done', async () => {
    const source = new FakeProcess();
    expect(await interruptible(capturedTerminal(), '', async () => 7, source)).toBe(7);
    expect(source.listenerCount('SIGINT')).toBe(0);
  });
});
