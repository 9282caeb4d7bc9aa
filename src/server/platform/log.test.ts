import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../testing/context.ts';
import { openLog } from './log.ts';

function logged(level = 'info') {
  const lines: string[] = [];
  const out = { write: (line: string) => void lines.push(line) };
  return { lines, log: openLog({ level, clock: new TestClock(), out }) };
}

/** A process that logs 201 lines and ends, its stdout redirected by a shell. */
function writer(redirection: string, end: 'exit' | '' = '') {
  const script = fileURLToPath(new URL('./testing/log-writer.ts', import.meta.url));
  const command = `"$0" --import tsx "$1" ${end} ${redirection}`;
  return promisify(execFile)('/bin/sh', ['-c', command, process.execPath, script], { timeout: 20_000 });
}

describe('the log', () => {
  it('writes a JSON object a line, with the time of the clock', () => {
    const { lines, log } = logged();
    log.child({ requestId: 'r-1' }).info({ status: 200 }, 'answered');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.endsWith('\n')).toBe(true);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 30,
      time: '2026-01-02T03:04:05.000Z',
      requestId: 'r-1',
      status: 200,
      msg: 'answered',
    });
  });

  it('keeps to its level', () => {
    const { lines, log } = logged('error');
    log.warn('no');
    log.error('yes');
    expect(lines).toHaveLength(1);
  });

  it('redacts the headers that carry keys', () => {
    const { lines, log } = logged();
    const headers = { authorization: 'Bearer abc123', 'x-api-key': 'abc123', cookie: 'abc123', host: 'h' };
    log.info(headers);
    log.info({ headers });
    log.info({ req: { headers } });
    expect(lines.join('')).not.toContain('abc123');
    expect(JSON.parse(lines[2]!).req.headers).toMatchObject({ authorization: '[redacted]', host: 'h' });
  });

  it('redacts a key of ours wherever it is written', () => {
    const { lines, log } = logged();
    const key = `okapi_${'aB3-_'.repeat(9).slice(0, 43)}`;
    log.info({ url: `/projects?key=${key}&x=1`, err: new Error(`bad ${key}`) }, `got ${key}`);
    expect(lines[0]).not.toContain(key);
    expect(JSON.parse(lines[0]!)).toMatchObject({ url: '/projects?key=okapi_[redacted]&x=1' });
  });

  it('keeps every entry on one line and harmless to terminals', () => {
    const { lines, log } = logged();
    const hostile = 'a\r\n{"level":60}\u001b[2J\u009b2J\u0085\u2028\u202e\u007f';
    log.info({ [hostile]: hostile }, hostile);
    expect(lines).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(lines[0]!.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(JSON.parse(lines[0]!).msg).toBe(hostile);
  });

  it.each([
    ['closed', '>&-'],
    ['on a full disk', '>/dev/full'],
    ['read by nobody any more', '| true'],
  ])('neither ends nor hangs the process when stdout is %s', async (_, redirection) => {
    for (const end of ['', 'exit'] as const) expect((await writer(redirection, end)).stderr).toBe('alive\n');
  });

  it('does not keep the process from its exit when the reader stands still', async () => {
    const script = fileURLToPath(new URL('./testing/log-writer.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, 'exit'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // Its 200 kB are more than a pipe takes, and nobody reads them.
    const [code] = await once(child, 'exit');
    child.stdout.destroy();
    expect(code).toBe(0);
  });

  it.each(['a pipe', 'a file'])('loses no line to %s when the process ends by itself', async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'okapi-log-'));
    const file = `"${join(folder, 'log')}"`;
    const { stdout } = await writer(kind === 'a pipe' ? '| cat' : `>${file} && cat ${file}`);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    expect(messages).toHaveLength(201);
    expect(messages.at(-1)).toBe('the last line');
    await rm(folder, { recursive: true });
  });
});
