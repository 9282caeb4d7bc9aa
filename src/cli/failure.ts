// What a person reads when a command fails, and the exit code it ends with.
import { CommanderError } from 'commander';
import { type ErrorCode, OkapiError } from '../vision/errors.ts';
import { printable, type Terminal } from './terminal.ts';

export const exitCodes = {
  /** All is well; all tested pictures are OK. */
  ok: 0,
  /** Something failed, or a picture could not be tested. */
  failed: 1,
  /** The command was typed wrongly or a setting is out of range. */
  usage: 2,
  /** `okapi test` found at least one picture that is NG. */
  ng: 3,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

const otherExitCodes: Partial<Record<ErrorCode, number>> = {
  'option.invalid': exitCodes.usage,
  'encoder.unknown': exitCodes.usage,
  'device.unknown': exitCodes.usage,
  'train.canceled': exitCodes.interrupted,
};

/** Says what went wrong and returns the exit code. With `debug` it also says where. */
export function reportFailure(error: unknown, terminal: Terminal, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const known = error instanceof OkapiError;
  const code = known ? error.code : 'internal';
  const text = (error instanceof Error ? error.message : String(error)).replace(/^internal: /, '');
  const [first = '', ...rest] = text.split('\n').map(printable);
  terminal.note(`${terminal.style('red', 'error:')} ${first} (${code})`);
  for (const line of rest) terminal.note(`  ${line}`);
  if (debug && error instanceof Error) terminal.note(traceOf(error));
  else if (!known) terminal.note('This is a fault of okapi. OKAPI_DEBUG=1 shows where it comes from.');
  return (known ? otherExitCodes[error.code] : undefined) ?? exitCodes.failed;
}

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${traceOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
