// The one place that reads environment variables.

export interface Environment {
  /** OKAPI_DEBUG=1: errors are shown with where they came from. */
  readonly debug: boolean;
  /** NO_COLOR is set to something (https://no-color.org). */
  readonly noColour: boolean;
  /** A build server, or a terminal that cannot move its cursor. */
  readonly plain: boolean;
  /** What the user types to start this program, for the lines that say what to type next. */
  readonly command: string;
}

const commands: Readonly<Record<string, string>> = {
  okapi: 'npm run -s okapi --',
  demo: 'npm run -s okapi --',
  npx: 'npx okapi-vision',
};

export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  return {
    debug: isSet('OKAPI_DEBUG') && env.OKAPI_DEBUG !== '0',
    noColour: isSet('NO_COLOR'),
    plain: (isSet('CI') && env.CI !== 'false') || env.TERM === 'dumb',
    command: commands[env.npm_lifecycle_event ?? ''] ?? 'okapi',
  };
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
