// Puts the settings together: defaults, then config.yaml, .env, environment and command line, the later winning, all checked.
import { join, resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { Value } from 'typebox/value';
import { type FieldError, ServerError } from '../contract/errors.ts';
import type { Config } from './config.ts';
import { isSettingKey, type SettingKey, settingKeys, settings } from './config-settings.ts';
import { type Assignment, readSources, sections, type Variables } from './config-sources.ts';

/** Some settings, as config.yaml has them. */
export type ConfigOverrides = {
  readonly [K in keyof Config]?: Config[K] extends Section ? Partial<Config[K]> | undefined : Config[K];
};
type Section = { readonly [name: string]: unknown } & { readonly length?: never };

/** Where each setting came from: "default", "config.yaml", ".env APP_DATA_DIR", "environment APP_DATA_DIR", "command line". */
export type ConfigSources = ReadonlyMap<SettingKey, string>;

export interface LoadedConfig {
  readonly config: Config;
  readonly sources: ConfigSources;
}

/**
 * The settings for a folder (that of config.yaml and .env). Folders are absolute. Throws config.invalid that names every
 * unknown key with the nearest known one, and every wrong value with what was expected.
 */
export async function loadConfig(options: {
  readonly folder: string;
  readonly env: Variables;
  readonly overrides?: ConfigOverrides;
}): Promise<LoadedConfig> {
  const { folder, env, overrides = {} } = options;
  const assignments = [...(await readSources(folder, env)), ...fromOverrides(overrides)];
  const problems: FieldError[] = [];
  const values = new Map<SettingKey, unknown>(settingKeys.map((key) => [key, settings[key].default]));
  const sources = new Map<SettingKey, string>(settingKeys.map((key) => [key, 'default']));
  for (const row of assignments) {
    const { key, value, source } = row;
    if (!isSettingKey(key)) problems.push(unknownKey(row));
    else if (!Value.Check(settings[key].schema, value)) problems.push(wrongValue(key, row));
    else {
      values.set(key, value);
      sources.set(key, source);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  resolveFolders(values, resolve(folder));
  return { config: nested(values), sources };
}

/** One line a setting: `uploads.max_files_per_upload = 200   (default)`. Passwords and tokens are blanked. */
export function printConfig(config: Config, sources: ConfigSources): string[] {
  const rows = settingKeys.map((key) => ({ left: `${key} = ${shown(valueAt(config, key))}`, key }));
  const width = Math.min(60, Math.max(...rows.map(({ left }) => left.length)));
  return rows.map(({ left, key }) => `${left.padEnd(width)}   (${sources.get(key)})`);
}

function fromOverrides(overrides: ConfigOverrides): Assignment[] {
  const source = 'command line';
  const rows = Object.entries(overrides).flatMap(([name, value]): [string, unknown][] =>
    sections.includes(name)
      ? Object.entries(value as object).map(([inner, leaf]) => [`${name}.${inner}`, leaf])
      : [[name, value]],
  );
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value, source, place: source, spell: (dotted) => dotted }));
}

function unknownKey({ key, place, spell }: Assignment): FieldError {
  const detail = `${place}: there is no setting ${brief(spell(key))}; the nearest is ${spell(nearest(key))}`;
  return { path: brief(key), code: 'unknown', detail };
}

function wrongValue(key: SettingKey, { place, value }: Assignment): FieldError {
  const detail = `${place}: ${key}: expected ${settings[key].expected}, got ${brief(shown(value))}`;
  return { path: key, code: 'invalid', detail };
}

function refusal(problems: readonly FieldError[]): ServerError {
  const lines = problems.slice(0, 20).map(({ detail }) => detail);
  if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`);
  const message =
    lines.length === 1
      ? lines[0]!
      : `expected settings that can be used, got mistakes in ${problems.length}:\n${lines.join('\n')}`;
  return new ServerError('config.invalid', message, { errors: problems });
}

/** The known key, or section, most like a key; its last word counts too, for a key under the wrong section. */
function nearest(key: string): string {
  const start = key.slice(0, 100);
  const last = (dotted: string) => dotted.slice(dotted.lastIndexOf('.') + 1);
  const unlike = (known: string) => Math.min(distance(start, known), distance(last(start), last(known)) + 1);
  const known = start.includes('.') ? settingKeys : [...settingKeys, ...sections];
  return known.reduce((best, candidate) => (unlike(candidate) < unlike(best) ? candidate : best));
}

/** Each relative folder is below another one; a default is the name in the row. */
const folders: readonly [key: SettingKey, base: SettingKey, name: string][] = [
  ['data_dir', 'root_dir', 'data'],
  ['tmp_dir', 'root_dir', 'tmp'],
  ['training.weights_dir', 'root_dir', '.'],
  ['models_dir', 'data_dir', 'models'],
  ['datasets_dir', 'data_dir', 'datasets'],
  ['projects_dir', 'data_dir', 'projects'],
];

function resolveFolders(values: Map<SettingKey, unknown>, folder: string): void {
  const root = resolve(folder, (values.get('root_dir') as string | null) ?? '.');
  values.set('root_dir', root);
  for (const [key, base, name] of folders) {
    const given = values.get(key) as string | null;
    values.set(key, given === null ? join(values.get(base) as string, name) : resolve(root, given));
  }
}

function nested(values: ReadonlyMap<SettingKey, unknown>): Config {
  const config: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const [first, second] = key.split('.') as [string, string?];
    if (second === undefined) config[first] = value;
    else config[first] = { ...(config[first] as object), [second]: value };
  }
  return config as unknown as Config;
}

function valueAt(config: Config, key: SettingKey): unknown {
  return key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], config);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  return redacted(typeof value === 'string' && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value));
}

/** Without passwords in addresses, and without values of words that sound secret. */
function redacted(text: string): string {
  return text
    .replace(/(\/\/)[^/@\s"]{1,500}@/g, '$1***@')
    .replace(
      /((?:password|passwd|secret|token|api[_-]?key)[a-z_]{0,20}(?:[=:]|","))[^\s",]{1,500}/gi,
      '$1***',
    );
}

/** Shortened, and without characters that steer a terminal. */
function brief(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return clean.length > 120 ? `${clean.slice(0, 120)}...` : clean;
}
