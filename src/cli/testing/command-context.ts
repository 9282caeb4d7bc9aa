// What a command is given in tests: a terminal to read from afterwards, no variables, a fixed date.
import type { CommandContext } from '../context.ts';
import { readEnvironment } from '../environment.ts';
import type { Terminal } from '../terminal.ts';

export function commandContext(terminal: Terminal): CommandContext {
  return {
    terminal,
    environment: readEnvironment({}),
    args: [],
    version: '0.0.0',
    now: () => performance.now(),
    date: () => new Date('2026-01-02T03:04:05Z'),
  };
}
