// Identifiers as a port: random ones that cannot be guessed, and short suffixes that make readable names unique.
import { randomBytes } from 'node:crypto';

export interface Ids {
  /** 32 lower-case hex digits, 128 random bits. */
  random(): string;
}

export const systemIds: Ids = { random: () => randomBytes(16).toString('hex') };
