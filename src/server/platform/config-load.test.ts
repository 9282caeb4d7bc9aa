import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, printConfig } from './config-load.ts';
import { settingKeys } from './config-settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Given {
  readonly yaml?: string;
  readonly dotEnv?: string;
  readonly env?: Record<string, string>;
  readonly overrides?: Parameters<typeof loadConfig>[0]['overrides'];
}

async function load({ yaml, dotEnv, env = {}, overrides = {} }: Given = {}) {
  if (yaml !== undefined) await writeFile(join(folder, 'config.yaml'), yaml);
  if (dotEnv !== undefined) await writeFile(join(folder, '.env'), dotEnv);
  return loadConfig({ folder, env, overrides });
}

async function refusal(given: Given): Promise<string> {
  const error = await load(given).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'ServerError', code: 'config.invalid' });
  return (error as Error).message;
}

describe('the configuration without any file or variable', () => {
  it('has the defaults of the contract', async () => {
    const { config } = await load();
    expect(config).toMatchObject({
      root_dir: folder,
      data_dir: join(folder, 'data'),
      tmp_dir: join(folder, 'tmp'),
      models_dir: join(folder, 'data', 'models'),
      datasets_dir: join(folder, 'data', 'datasets'),
      projects_dir: join(folder, 'data', 'projects'),
      server: { host: '127.0.0.1', port: 8000 },
      uploads: {
        allowed_extensions: ['.jpg', '.jpeg', '.png'],
        max_files_per_upload: 200,
        max_file_size_mb: 32,
        max_total_size_mb: 512,
      },
      training: {
        batch_size: 32,
        val_ratio: 0.2,
        patience: 10,
        min_epochs_before_early_stop: 5,
        require_approval: false,
        sandbox_command: [],
        weights_dir: folder,
      },
      jobs: { max_workers: 2, poll_interval_seconds: 0.5 },
      rate_limits: { uploads_per_minute: 60, deletes_per_minute: 120, failed_downloads_per_minute: 8 },
    });
  });

  it('says of every setting that it is a default', async () => {
    const { sources } = await load();
    expect([...sources.keys()]).toEqual(settingKeys);
    expect(new Set(sources.values())).toEqual(new Set(['default']));
  });
});

describe('the order of the sources', () => {
  const yaml = 'uploads:\n  max_files_per_upload: 1\n';
  const dotEnv = 'APP_UPLOADS__MAX_FILES_PER_UPLOAD=2\n';
  const env = { APP_UPLOADS__MAX_FILES_PER_UPLOAD: '3' };
  const overrides = { uploads: { max_files_per_upload: 4 } };

  it.each<[Given, number, string]>([
    [{ yaml }, 1, 'config.yaml'],
    [{ yaml, dotEnv }, 2, '.env APP_UPLOADS__MAX_FILES_PER_UPLOAD'],
    [{ yaml, dotEnv, env }, 3, 'environment APP_UPLOADS__MAX_FILES_PER_UPLOAD'],
    [{ yaml, dotEnv, env, overrides }, 4, 'command line'],
    [
      { dotEnv, overrides: { uploads: { max_files_per_upload: undefined as never } } },
      2,
      '.env APP_UPLOADS__MAX_FILES_PER_UPLOAD',
    ],
  ])('with %j gives %j', async (given, value, source) => {
    const { config, sources } = await load(given);
    expect(config.uploads.max_files_per_upload).toBe(value);
    expect(sources.get('uploads.max_files_per_upload')).toBe(source);
    expect(config.uploads.max_file_size_mb).toBe(32);
  });

  it('takes another file that APP_CONFIG_FILE names, in the environment or in .env', async () => {
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc', 'a.yaml'), 'jobs: {max_workers: 7}');
    await writeFile(join(folder, 'etc', 'b.yaml'), 'jobs: {max_workers: 9}');
    const dotEnv = 'APP_CONFIG_FILE=etc/a.yaml';
    expect((await load({ yaml: 'jobs: {max_workers: 5}', dotEnv })).config.jobs.max_workers).toBe(7);
    const { config, sources } = await load({ env: { APP_CONFIG_FILE: join(folder, 'etc', 'b.yaml') } });
    expect(config.jobs.max_workers).toBe(9);
    expect(sources.get('jobs.max_workers')).toBe(join('etc', 'b.yaml'));
  });

  it('refuses an APP_CONFIG_FILE that is not there', async () => {
    expect(await refusal({ env: { APP_CONFIG_FILE: 'gone.yaml' } })).toBe(
      'APP_CONFIG_FILE: expected a file with settings, got gone.yaml, which is not there',
    );
  });

  it('knows TRAINING_REQUIRE_APPROVAL, below the prefixed name of the same source', async () => {
    const approval = async (given: Given) => (await load(given)).config.training.require_approval;
    expect(await approval({ env: { TRAINING_REQUIRE_APPROVAL: 'true' } })).toBe(true);
    expect(
      await approval({
        env: { TRAINING_REQUIRE_APPROVAL: 'true', APP_TRAINING__REQUIRE_APPROVAL: 'false' },
      }),
    ).toBe(false);
    expect(
      await approval({
        dotEnv: 'APP_TRAINING__REQUIRE_APPROVAL=false',
        env: { TRAINING_REQUIRE_APPROVAL: '1' },
      }),
    ).toBe(true);
  });
});

describe('values of the environment', () => {
  it.each<[string, string, (config: Awaited<ReturnType<typeof load>>['config']) => unknown, unknown]>([
    ['APP_SERVER__PORT', '0', (c) => c.server.port, 0],
    ['APP_TRAINING__VAL_RATIO', '2e-1', (c) => c.training.val_ratio, 0.2],
    ['APP_SERVER__TRUST_PROXY', 'Yes', (c) => c.server.trust_proxy, true],
    [
      'APP_UPLOADS__ALLOWED_EXTENSIONS',
      '.png, .webp,',
      (c) => c.uploads.allowed_extensions,
      ['.png', '.webp'],
    ],
    ['APP_SERVER__ALLOWED_HOSTS', '', (c) => c.server.allowed_hosts, []],
    ['APP_TRAINING__THREADS', '', (c) => c.training.threads, null],
    ['APP_INFERENCE__THREADS', '3', (c) => c.inference.threads, 3],
    ['APP_TRAINING__SANDBOX_COMMAND', `sh -c "a b"`, (c) => c.training.sandbox_command, ['sh', '-c', 'a b']],
    ['APP_TRAINING__DEVICE', ' cpu ', (c) => c.training.device, 'cpu'],
    ['APP_LOG__LEVEL', 'warn', (c) => c.log.level, 'warn'],
  ])('%s=%s', async (name, value, read, expected) => {
    expect(read((await load({ env: { [name]: value } })).config)).toEqual(expected);
    expect(read((await load({ dotEnv: `${name}='${value}'` })).config)).toEqual(expected);
  });

  it('leave other variables alone', async () => {
    const env = { PATH: '/bin', APPLE: '1', app_server__port: '9', OKAPI_DEBUG: '1' };
    expect((await load({ env, dotEnv: 'OTHER=1' })).config.server.port).toBe(8000);
  });
});

describe('folders', () => {
  it('that are relative are below root_dir, and the three below data_dir by default', async () => {
    const { config } = await load({ yaml: 'root_dir: app\ndata_dir: ../store\nmodels_dir: m\n' });
    expect(config.root_dir).toBe(join(folder, 'app'));
    expect(config.data_dir).toBe(join(folder, 'store'));
    expect(config.models_dir).toBe(join(folder, 'app', 'm'));
    expect(config.projects_dir).toBe(join(folder, 'store', 'projects'));
    expect(config.tmp_dir).toBe(join(folder, 'app', 'tmp'));
    expect(config.training.weights_dir).toBe(join(folder, 'app'));
  });

  it('that are absolute stay as they are', async () => {
    const { config } = await load({ env: { APP_DATA_DIR: join(folder, 'x', '..', 'y') } });
    expect(config.data_dir).toBe(join(folder, 'y'));
  });
});

describe('a key that is not known', () => {
  it.each<[Given, string]>([
    [
      { yaml: 'data_dir: d\nuploads:\n  max_file_per_upload: 3\n' },
      'config.yaml line 3: there is no setting uploads.max_file_per_upload; the nearest is uploads.max_files_per_upload',
    ],
    [{ yaml: 'data_dri: x' }, 'config.yaml line 1: there is no setting data_dri; the nearest is data_dir'],
    [{ yaml: 'max_workers: 3' }, 'there is no setting max_workers; the nearest is jobs.max_workers'],
    [{ yaml: 'upload: {max_file_size_mb: 3}' }, 'there is no setting upload; the nearest is uploads'],
    [{ yaml: 'training: {max_workers: 3}' }, 'the nearest is jobs.max_workers'],
    [{ yaml: 'uploads: 5' }, 'config.yaml line 1: there is no setting uploads; the nearest is'],
    [{ yaml: '__proto__: {polluted: 1}' }, 'there is no setting __proto__; the nearest is'],
    [
      { yaml: 'uploads: {__proto__: {polluted: 1}}' },
      'there is no setting uploads.__proto__; the nearest is',
    ],
    [{ yaml: 'constructor: {prototype: {polluted: 1}}' }, 'there is no setting constructor'],
    [{ yaml: '? [a, b]\n: 1' }, 'there is no setting a key that is not a word'],
    [
      { env: { APP_UPLOAD__MAX_FILE_SIZE_MB: '1' } },
      'environment APP_UPLOAD__MAX_FILE_SIZE_MB: there is no setting APP_UPLOAD__MAX_FILE_SIZE_MB; the nearest is APP_UPLOADS__MAX_FILE_SIZE_MB',
    ],
    [{ env: { APP___PROTO__: 'x' } }, 'environment APP___PROTO__: there is no setting'],
    [
      { dotEnv: 'APP_DATADIR=x' },
      '.env APP_DATADIR: there is no setting APP_DATADIR; the nearest is APP_DATA_DIR',
    ],
    [
      { overrides: { server: { prot: 1 } } as never },
      'command line: there is no setting server.prot; the nearest is server.port',
    ],
    [{ yaml: '"a\\u001b[31m": 1' }, 'there is no setting a?[31m;'],
  ])('%j is refused with the nearest one', async (given, message) => {
    expect(await refusal(given)).toContain(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

it('an endless key is cut short in its message', async () => {
  const message = await refusal({ yaml: `${'k'.repeat(1000)}: 1` });
  expect(message).toContain(`there is no setting ${'k'.repeat(120)}...;`);
  expect(message.length).toBeLessThan(300);
});

describe('a value that does not fit', () => {
  it.each<[Given, string]>([
    [
      { yaml: '\nserver:\n  port: 70000' },
      'config.yaml line 3: server.port: expected a whole number from 0 to 65535, got 70000',
    ],
    [{ yaml: 'server: {port: "8000"}' }, 'expected a whole number from 0 to 65535, got 8000'],
    [{ yaml: 'server: {port: 1.5}' }, 'got 1.5'],
    [{ yaml: 'training: {val_ratio: .nan}' }, 'expected a number from 0.01 to 0.9, got NaN'],
    [{ yaml: 'data_dir:' }, 'config.yaml line 1: data_dir: expected a path, got null'],
    [{ yaml: 'jobs: {max_workers: [1]}' }, 'expected a whole number from 1 to 64, got [1]'],
    [
      { yaml: 'uploads: {allowed_extensions: [png]}' },
      'expected a list of endings such as .png, got ["png"]',
    ],
    [
      { env: { APP_SERVER__PORT: 'http' } },
      'environment APP_SERVER__PORT: server.port: expected a whole number from 0 to 65535, got http',
    ],
    [{ env: { APP_SERVER__PORT: '' } }, 'got ""'],
    [{ env: { APP_SERVER__PORT: '0x10' } }, 'got 0x10'],
    [{ env: { APP_JOBS__MAX_HOURS: 'Infinity' } }, 'expected a number from 0.01 to 8760, got Infinity'],
    [
      { dotEnv: 'TRAINING_REQUIRE_APPROVAL=perhaps' },
      '.env TRAINING_REQUIRE_APPROVAL: training.require_approval: expected true or false, got perhaps',
    ],
    [
      { env: { APP_TRAINING__SANDBOX_COMMAND: 'sh -c "x' } },
      'expected a command, as text with closed quotes',
    ],
    [
      { env: { APP_TRAINING__DEVICE: 'tpu' } },
      'expected one of auto, cuda, webgpu, dml, coreml, cpu, got tpu',
    ],
    [
      { env: { APP_SERVER__ALLOWED_ORIGINS: '*' } },
      'expected a list of origins such as https://qa.example.org, got ["*"]',
    ],
    [{ overrides: { server: { port: -1 } } }, 'command line: server.port: expected'],
  ])('%j is refused with what was expected and what came', async (given, message) => {
    expect(await refusal(given)).toContain(message);
  });

  it('is told together with all others', async () => {
    const message = await refusal({
      yaml: 'server: {port: x, hots: y}',
      env: { APP_JOBS__MAX_WORKERS: '0' },
    });
    expect(message.split('\n')).toHaveLength(4);
    expect(message).toContain('got mistakes in 3:');
  });
});

describe('a file that cannot be read', () => {
  it.each<[string, string]>([
    ['server: {port: 1', 'config.yaml line 1: expected YAML, got:'],
    ['a: 1\na: 2', 'config.yaml line 2: expected YAML, got: Map keys must be unique'],
    ['- 1', 'config.yaml: expected settings of the form "key: value"'],
    ['just text', 'config.yaml: expected settings of the form "key: value"'],
    [`x: &a [1]\ny: [${'*a,'.repeat(200)}]\nz: &b [*a,*a]`, 'config.yaml'],
    [`log: {level: info}\n#${'x'.repeat(1024 * 1024)}`, 'config.yaml: expected at most 1 MiB'],
  ])('with the mistake number %# is refused', async (yaml, message) => {
    expect(await refusal({ yaml })).toContain(message);
  });

  it('because it is a folder is refused', async () => {
    await mkdir(join(folder, 'config.yaml'));
    expect(await refusal({})).toBe('config.yaml: expected a file that can be read, got EISDIR');
  });

  it('may be empty, have a byte order mark, sections without keys, and aliases', async () => {
    expect((await load({ yaml: '' })).config.server.port).toBe(8000);
    expect((await load({ yaml: '\uFEFFserver:\n  port: 81\nuploads:\n' })).config.server.port).toBe(81);
    const yaml = 'training: &t {device: cpu, threads: 2}\ninference: *t';
    expect((await load({ yaml })).config.inference).toMatchObject({ device: 'cpu', threads: 2 });
  });
});

describe('the sandbox command of config.yaml', () => {
  it.each([
    [`training: {sandbox_command: 'nice -n "1 9"'}`, ['nice', '-n', '1 9']],
    ['training: {sandbox_command: [nice, "-n", "a b"]}', ['nice', '-n', 'a b']],
  ])('%s may be text or a list', async (yaml, words) => {
    expect((await load({ yaml })).config.training.sandbox_command).toEqual(words);
  });
});

describe('the printed configuration', () => {
  it('shows each value with its source', async () => {
    const { config, sources } = await load({
      yaml: 'jobs: {max_workers: 3}',
      dotEnv: 'APP_LOG__LEVEL=debug',
      env: { APP_SERVER__ALLOWED_HOSTS: 'a.example,b.example' },
    });
    const lines = printConfig(config, sources).map((line) => line.replace(/ {2,}/, '   '));
    expect(lines).toHaveLength(settingKeys.length);
    for (const line of [
      `data_dir = ${join(folder, 'data')}   (default)`,
      'uploads.max_files_per_upload = 200   (default)',
      'jobs.max_workers = 3   (config.yaml)',
      'log.level = debug   (.env APP_LOG__LEVEL)',
      'server.allowed_hosts = ["a.example","b.example"]   (environment APP_SERVER__ALLOWED_HOSTS)',
      'training.threads = null   (default)',
    ])
      expect(lines).toContain(line);
  });

  it('blanks what sounds secret', async () => {
    const { config, sources } = await load({
      yaml: 'training:\n  sandbox_command: run --proxy http://me:s3cr3t@proxy:1 -e API_KEY=s3cr3t --token s3cr3t',
    });
    const text = printConfig(config, sources).join('\n');
    expect(text).not.toContain('s3cr3t');
    expect(text).toContain('http://***@proxy:1');
  });
});

describe('config.example.yaml', () => {
  const example = () => readFile(new URL('../../../config.example.yaml', import.meta.url), 'utf8');
  /** The settings in it have no blank after the #. */
  const uncommented = async () => (await example()).replace(/^( *)#(?=[a-z_]+:)/gm, '$1');

  it('changes nothing as it is', async () => {
    const { config, sources } = await load({ yaml: await example() });
    expect(config).toEqual((await load({ yaml: '' })).config);
    expect(new Set(sources.values())).toEqual(new Set(['default']));
  });

  it('names every setting, with its default', async () => {
    const { config, sources } = await load({ yaml: await uncommented() });
    expect([...sources].filter(([, source]) => source !== 'config.yaml')).toEqual([]);
    expect(config).toEqual((await load({ yaml: '' })).config);
  });
});
