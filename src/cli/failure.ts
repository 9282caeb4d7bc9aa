// What a person reads when a command fails, and the exit code it ends with.
import { CommanderError } from 'commander';
import { type ErrorCode, ServerError } from '../server/contract/errors.ts';
import { OkapiError } from '../vision/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { Interrupted } from './interrupt.ts';
import { printable, type Terminal } from './terminal.ts';

const otherExitCodes: Partial<Record<ErrorCode, number>> = {
  'option.invalid': exitCodes.usage,
  'encoder.unknown': exitCodes.usage,
  'device.unknown': exitCodes.usage,
  'train.canceled': exitCodes.interrupted,
};

/** Says what went wrong and returns the exit code. With `debug` it also says where. */
export function reportFailure(error: unknown, terminal: Terminal, debug: boolean): number {
  // commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof Interrupted) {
    terminal.note(error.message);
    return exitCodes.interrupted;
  }
  const known = error instanceof OkapiError || error instanceof ServerError;
  sayError(error, known ? error.code : 'internal', terminal);
  if (debug && error instanceof Error) terminal.note(traceOf(error));
  else if (!known) terminal.note('This is a fault of okapi. OKAPI_DEBUG=1 shows where it comes from.');
  return (known ? otherExitCodes[error.code] : undefined) ?? exitCodes.failed;
}

/** The code ends the line, or has one of its own under a longer message, whose further lines are indented. */
function sayError(error: unknown, code: string, terminal: Terminal): void {
  const text = (error instanceof Error ? error.message : String(error)).replace(/^internal: /, '');
  const [first = '', ...rest] = text.split('\n').map(printable);
  const label = terminal.style('red', 'error:');
  terminal.note(rest.length === 0 ? `${label} ${first} (${code})` : `${label} ${first}`);
  for (const line of rest) terminal.note(`  ${line.trimStart()}`);
  if (rest.length > 0) terminal.note(`(${code})`);
}

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${traceOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
