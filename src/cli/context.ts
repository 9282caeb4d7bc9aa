// What every command is given, so that tests can give it something else.
import type { Environment } from './environment.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** The command line, without the program's name. */
  readonly args: readonly string[];
  /** Of the package. */
  readonly version: string;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly date: () => Date;
}
