// Where settings come from: config.yaml, .env and the environment, each read into assignments that name their place.
import { readFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { ServerError } from '../contract/errors.ts';
import { isSettingKey, settingKeys, settings } from './config-settings.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** One value for one key, not yet checked. */
export interface Assignment {
  /** Dotted; may be unknown. */
  readonly key: string;
  readonly value: unknown;
  /** Where it came from, as --print-config shows it: "config.yaml", "environment APP_DATA_DIR". */
  readonly source: string;
  /** As `source`, with the line of a file. */
  readonly place: string;
  /** How the source writes a dotted key. */
  readonly spell: (key: string) => string;
}

/** The environment of this process: the one place of the server that reads it. */
export function processVariables(): Variables {
  return process.env;
}

/** Assignments of config.yaml, .env and the environment, weakest first. Throws config.invalid for a file that cannot be read. */
export async function readSources(folder: string, env: Variables): Promise<Assignment[]> {
  const dotEnv = await readDotEnv(folder);
  const named = env.APP_CONFIG_FILE || dotEnv.APP_CONFIG_FILE;
  const file = resolve(folder, named || 'config.yaml');
  const text = await readSmallFile(file, shownPath(folder, file));
  if (text === null && named)
    throw invalid(
      `APP_CONFIG_FILE: expected a file with settings, got ${shownPath(folder, file)}, which is not there`,
    );
  return [
    ...(text === null ? [] : fromYaml(text, shownPath(folder, file))),
    ...fromVariables(dotEnv, '.env'),
    ...fromVariables(env, 'environment'),
  ];
}

async function readDotEnv(folder: string): Promise<Variables> {
  const text = await readSmallFile(resolve(folder, '.env'), '.env');
  return parseEnv(text ?? '') as Variables;
}

const maxFileBytes = 1024 * 1024;

/** null when it is not there. */
async function readSmallFile(path: string, shown: string): Promise<string | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw invalid(`${shown}: expected a file that can be read, got ${code}`, cause);
  }
  if (bytes.length > maxFileBytes)
    throw invalid(`${shown}: expected at most 1 MiB, got ${bytes.length} bytes`);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function shownPath(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('..') ? basename(file) : path;
}

function fromYaml(text: string, source: string): Assignment[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  const [error] = document.errors;
  if (error)
    throw invalid(`${source} line ${lines.linePos(error.pos[0]).line}: expected YAML, got: ${error.message}`);
  const found: Assignment[] = [];
  const walk = (node: unknown, prefix: string) => {
    const section = isAlias(node) ? node.resolve(document) : node;
    if (!isMap(section)) throw invalid(`${source}: expected settings of the form "key: value"`);
    for (const { key: keyNode, value: valueNode } of section.items) {
      const key = `${prefix}${isScalar(keyNode) ? String(keyNode.value) : 'a key that is not a word'}`;
      const value = (valueNode as Node | null)?.toJS(document) ?? null;
      if (isSection(key) && value === null) continue;
      if (isSection(key) && isObject(value)) walk(valueNode, `${key}.`);
      else
        found.push({
          key,
          value,
          source,
          place: `${source} line ${lineOf(keyNode)}`,
          spell: (dotted) => dotted,
        });
    }
  };
  try {
    const { contents } = document;
    if (contents !== null && !(isScalar(contents) && contents.value === null)) walk(contents, '');
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    throw invalid(`${source}: expected YAML without endless aliases, got: ${cause.message}`, cause);
  }
  return found.map((row) => (typeof row.value === 'string' ? { ...row, value: textOfFile(row) } : row));
}

function textOfFile({ key, value }: Assignment): unknown {
  return isSettingKey(key) && settings[key].textInFile ? settings[key].read(value as string) : value;
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

export const sections: readonly string[] = [
  ...new Set(settingKeys.filter((key) => key.includes('.')).map((key) => key.split('.')[0]!)),
];
const isSection = (key: string) => sections.includes(key);

const prefix = 'APP_';
/** Names of the original that have no prefix. The prefixed name wins where both are given. */
const unprefixed: Readonly<Record<string, string>> = {
  TRAINING_REQUIRE_APPROVAL: 'training.require_approval',
};

function fromVariables(variables: Variables, source: '.env' | 'environment'): Assignment[] {
  const rows: [name: string, key: string][] = [
    ...Object.entries(unprefixed).filter(([name]) => variables[name] !== undefined),
    ...Object.keys(variables)
      .filter(
        (name) => name.startsWith(prefix) && name !== 'APP_CONFIG_FILE' && variables[name] !== undefined,
      )
      .map((name): [string, string] => [name, name.slice(prefix.length).toLowerCase().replaceAll('__', '.')]),
  ];
  return rows.map(([name, key]) => ({
    key,
    value: isSettingKey(key) ? settings[key].read(variables[name]!) : variables[name],
    source: `${source} ${name}`,
    place: `${source} ${name}`,
    spell: variableOf,
  }));
}

/** "APP_UPLOADS__MAX_FILE_SIZE_MB" for "uploads.max_file_size_mb". */
const variableOf = (key: string) => prefix + key.toUpperCase().replaceAll('.', '__');

function invalid(message: string, cause?: unknown): ServerError {
  return new ServerError('config.invalid', message, { cause });
}
