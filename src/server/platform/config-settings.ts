// Every setting of the server: its default, what is expected of it, and how text of the environment becomes its value.
import { type TSchema, Type } from 'typebox';
import { devices } from '../../vision/runtime/backends.ts';
import type { Config } from './config.ts';
import { splitWords } from './config-words.ts';

type Value = string | number | boolean | null | readonly unknown[];
type KeyOf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends Value ? `${Prefix}${K}` : KeyOf<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

/** Such as "uploads.max_files_per_upload". */
export type SettingKey = KeyOf<Config>;

export interface Setting {
  readonly schema: TSchema;
  /** null for folders: their default depends on other folders. */
  readonly default: Value;
  /** For error messages: "a whole number from 1 to 64". */
  readonly expected: string;
  /** The value that a text stands for; the text itself when it stands for none. */
  readonly read: (text: string) => unknown;
  /** Whether a text in config.yaml is read as one in the environment is. */
  readonly textInFile?: true;
}

type Kind = Omit<Setting, 'default'>;

const anyNumber = /^[+-]?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,3})?$/i;
const readNumber = (text: string) => (anyNumber.test(text.trim()) ? Number(text) : text);

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

const whole = (minimum: number, maximum: number): Kind => ({
  schema: Type.Integer({ minimum, maximum }),
  expected: `a whole number from ${minimum} to ${maximum}`,
  read: readNumber,
});
const number = (minimum: number, maximum: number): Kind => ({
  schema: Type.Number({ minimum, maximum }),
  expected: `a number from ${minimum} to ${maximum}`,
  read: readNumber,
});
const flag: Kind = {
  schema: Type.Boolean(),
  expected: 'true or false',
  read: (text) => flags[text.trim().toLowerCase()] ?? text,
};
const oneOf = (names: readonly string[]): Kind => ({
  schema: Type.Enum([...names]),
  expected: `one of ${names.join(', ')}`,
  read: (text) => text.trim(),
});
const text = (pattern: string, expected: string): Kind => ({
  schema: Type.String({ pattern, maxLength: 1000 }),
  expected,
  read: (value) => value.trim(),
});
const list = (pattern: string, expected: string): Kind => ({
  schema: Type.Array(Type.String({ pattern, maxLength: 300 }), { maxItems: 100 }),
  expected: `a list of ${expected}`,
  read: (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
});
const orNone = (kind: Kind, none: string): Kind => ({
  schema: Type.Union([kind.schema, Type.Null()]),
  expected: `${kind.expected}, or null (${none})`,
  read: (value) => (['', 'null'].includes(value.trim()) ? null : kind.read(value)),
});
const command: Kind = {
  schema: Type.Array(Type.String({ minLength: 1, maxLength: 4000 }), { maxItems: 200 }),
  expected: 'a command, as text with closed quotes or as a list of words',
  read: (value) => splitWords(value) ?? value,
  textInFile: true,
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: no path has them
const path = text(/^[^\x00-\x1f]+$/.source, 'a path');
const device = oneOf(['auto', ...devices]);
const threads = orNone(whole(1, 1024), 'as many as are sensible');

/** In the order in which they are printed. */
export const settings: Readonly<Record<SettingKey, Setting>> = {
  root_dir: { ...path, default: null },
  data_dir: { ...path, default: null },
  models_dir: { ...path, default: null },
  datasets_dir: { ...path, default: null },
  projects_dir: { ...path, default: null },
  tmp_dir: { ...path, default: null },
  'server.host': { ...text('^[A-Za-z0-9._:%-]+$', 'a host name or an IP address'), default: '127.0.0.1' },
  'server.port': { ...whole(0, 65535), default: 8000 },
  'server.allowed_hosts': { ...list('^[A-Za-z0-9._:-]+$', 'host names'), default: [] },
  'server.allowed_origins': {
    ...list('^https?://[A-Za-z0-9._:\\[\\]-]+$', 'origins such as https://qa.example.org'),
    default: [],
  },
  'server.trust_proxy': { ...flag, default: false },
  'server.session_hours': { ...number(0.01, 87_600), default: 168 },
  'uploads.allowed_extensions': {
    ...list('^\\.[a-z0-9]{1,10}$', 'endings such as .png'),
    default: ['.jpg', '.jpeg', '.png'],
  },
  'uploads.max_files_per_upload': { ...whole(1, 10_000), default: 200 },
  'uploads.max_file_size_mb': { ...number(0.01, 2048), default: 32 },
  'uploads.max_total_size_mb': { ...number(0.01, 65_536), default: 512 },
  'uploads.max_megapixels': { ...number(0.01, 1000), default: 50 },
  'uploads.decode_timeout_seconds': { ...number(0.1, 600), default: 5 },
  'training.batch_size': { ...whole(1, 1024), default: 32 },
  'training.val_ratio': { ...number(0.01, 0.9), default: 0.2 },
  'training.patience': { ...whole(1, 10_000), default: 10 },
  'training.min_epochs_before_early_stop': { ...whole(0, 10_000), default: 5 },
  'training.require_approval': { ...flag, default: false },
  'training.sandbox_command': { ...command, default: [] },
  'training.device': { ...device, default: 'auto' },
  'training.threads': { ...threads, default: null },
  'training.weights_dir': { ...path, default: null },
  'jobs.max_workers': { ...whole(1, 64), default: 2 },
  'jobs.poll_interval_seconds': { ...number(0.05, 60), default: 0.5 },
  'jobs.max_queued': { ...whole(1, 100_000), default: 100 },
  'jobs.max_memory_mb': { ...whole(64, 4_194_304), default: 8192 },
  'jobs.max_hours': { ...number(0.01, 8760), default: 72 },
  'jobs.keep_days': { ...number(0.01, 36_500), default: 90 },
  'inference.device': { ...device, default: 'auto' },
  'inference.threads': { ...threads, default: null },
  'inference.max_memory_mb': { ...whole(16, 4_194_304), default: 1024 },
  'inference.max_waiting_requests': { ...whole(1, 100_000), default: 64 },
  'inference.preview_hours': { ...number(0.01, 87_600), default: 24 },
  'rate_limits.uploads_per_minute': { ...whole(1, 1_000_000), default: 60 },
  'rate_limits.deletes_per_minute': { ...whole(1, 1_000_000), default: 120 },
  'rate_limits.failed_downloads_per_minute': { ...whole(1, 1_000_000), default: 8 },
  'log.level': { ...oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), default: 'info' },
};

export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}
