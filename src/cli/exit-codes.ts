// What the exit code of `okapi` says.

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
