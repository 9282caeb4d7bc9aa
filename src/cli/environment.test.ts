import { describe, expect, it } from 'vitest';
import { quoted, readEnvironment } from './environment.ts';

describe('the environment', () => {
  it('asks for plain lines on build servers and dumb terminals', () => {
    const plain = [{}, { CI: 'true' }, { CI: 'false' }, { CI: '' }, { TERM: 'dumb' }, { TERM: 'xterm' }];
    expect(plain.map((env) => readEnvironment(env).plain)).toEqual([false, true, false, false, true, false]);
  });

  it('turns colours off and debugging on', () => {
    expect(readEnvironment({ NO_COLOR: '1', OKAPI_DEBUG: '1' })).toMatchObject({
      noColour: true,
      debug: true,
    });
    expect(readEnvironment({ OKAPI_DEBUG: '0' })).toMatchObject({ noColour: false, debug: false });
  });

  it('knows how the program was called', () => {
    const callers = [undefined, 'okapi', 'demo', 'npx'];
    const commands = callers.map((name) => readEnvironment({ npm_lifecycle_event: name }).command);
    expect(commands).toEqual(['okapi', 'npm run -s okapi --', 'npm run -s okapi --', 'npx okapi-vision']);
  });
});

describe('quoted', () => {
  it('leaves plain paths alone and quotes what a shell would take apart', () => {
    expect(['a/b-1.png', 'my parts', "it's", '$HOME', ''].map(quoted)).toEqual([
      'a/b-1.png',
      "'my parts'",
      "'it'\\''s'",
      "'$HOME'",
      "''",
    ]);
  });
});
