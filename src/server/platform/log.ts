// The log: one JSON object a line to stdout, without keys of the API and without characters that steer a terminal.
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Clock } from './clock.ts';
import { standardOutput } from './log-output.ts';

const secretHeaders = ['authorization', 'x-api-key', 'cookie', 'set-cookie', 'proxy-authorization'];
/** At the top, and up to two levels deep as in {req: {headers: {...}}}. */
const redactedPaths = ['', '*', '*.*'].flatMap((where) => secretHeaders.map((name) => `${where}["${name}"]`));

/** The log at a level ("silent": none). Nothing that happens to stdout ends the process. */
export function openLog(options: {
  readonly level: string;
  readonly clock: Clock;
  readonly out?: DestinationStream;
}): Logger {
  const { level, clock, out = standardOutput() } = options;
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${clock.date().toISOString()}"`,
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: { streamWrite: harmless },
    },
    out,
  );
}

const keyOfOurs = /okapi_[A-Za-z0-9_-]{43}/g;
// JSON escapes what is below 0x20; these also end lines or begin commands of terminals, or turn the reading direction.
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function harmless(line: string): string {
  return line
    .replace(keyOfOurs, 'okapi_[redacted]')
    .replace(steering, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
