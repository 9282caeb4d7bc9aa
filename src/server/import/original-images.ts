// Takes over the pictures of a project or scene of the original: what its index lists, and what it does not.
import { join } from 'node:path';
import { Blake2b16 } from '../../vision/dataset/blake2b.ts';
import { ServerError } from '../contract/errors.ts';
import { isPictureName } from '../datasets/accepted-types.ts';
import { displayName } from '../datasets/display-name.ts';
import { changeIndex, inTurn } from '../datasets/image-index.ts';
import type { ImageIndex, ImageRecord } from '../datasets/image-record.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { Finding } from './import-report.ts';
import { type Entries, eachPiece, fileTimes, ownerFolder } from './local-tree.ts';
import { setAside } from './set-aside.ts';

const indexFile = '_index.json';
const contentName = /^[0-9a-f]{32}\.[a-z]+$/;
const usableName = /^[a-zA-Z0-9._-]{1,240}$/;

/** `raw` is what lies in the folder of the pictures. The findings; the index is written only when it changes. */
export async function takeOverImages(context: Context, owner: Owner, raw: Entries): Promise<Finding[]> {
  const folder = join(ownerFolder(context.config, owner), 'raw');
  const place = blobKeys.images(owner);
  const findings: Finding[] = [
    ...raw.folders.map((name) => finding('folder.unknown', name, 'a folder among pictures')),
    ...raw.other.map((name) => finding('file.unknown', name, 'a link or a device')),
  ];
  function finding(code: Finding['code'], name: string, detail: string): Finding {
    return { code, path: `${place}/${name}`, detail };
  }

  const present = new Set<string>();
  for (const name of raw.files) {
    if (name === indexFile) continue;
    if (!isPictureName(name)) findings.push(finding('file.unknown', name, 'not a picture by its name'));
    else if (!usableName.test(name))
      findings.push(
        finding('name.unusable', name, 'expected letters a to z, digits, dot, dash and underscore'),
      );
    else present.add(name);
  }

  await inTurn(context, owner, async () => {
    await replaceDamagedIndex(context, owner, join(folder, indexFile), findings);
    await changeIndex(context, owner, async (index) => {
      const next = await reconciled(index, present, folder, finding);
      findings.push(...next.findings);
      return next.index;
    });
  });
  return findings;
}

type Report = (code: Finding['code'], name: string, detail: string) => Finding;

/** An index that cannot be read gives way to an empty one, which is then filled from the files. */
async function replaceDamagedIndex(
  context: Context,
  owner: Owner,
  path: string,
  findings: Finding[],
): Promise<void> {
  const key = docKeys.images(owner);
  const problem = await context.docs.get<unknown>(key).then(
    (doc) => (doc === null || isIndex(doc.value) ? null : 'expected an object with "files"'),
    (error: unknown) => {
      if (error instanceof ServerError && error.code === 'doc.corrupt') return 'it is not valid JSON';
      throw error;
    },
  );
  if (problem === null) return;
  await setAside(context, key, path);
  await context.docs.put(key, { files: {} });
  findings.push({
    code: 'record.damaged',
    path: `${key}.json`,
    detail: `${problem}; made anew from the files`,
  });
}

function isIndex(value: unknown): boolean {
  return isObject(value) && isObject(value.files);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The index as the files are, or null when it is so already. */
async function reconciled(
  index: ImageIndex,
  present: ReadonlySet<string>,
  folder: string,
  report: Report,
): Promise<{ index: ImageIndex | null; findings: Finding[] }> {
  const files = new Map<string, ImageRecord>();
  const missing = new Map(Object.entries(index.missing ?? {}));
  const findings: Finding[] = [];
  let changed = false;
  for (const [stored, record] of Object.entries(index.files)) {
    if (!present.has(stored)) {
      missing.set(stored, record);
      changed = true;
      continue;
    }
    const whole = isWhole(stored, record) ? record : await completed(stored, record, join(folder, stored));
    if (whole !== record) findings.push(report('image.record', stored, 'completed from the file'));
    changed ||= whole !== record;
    files.set(stored, whole);
  }
  for (const stored of present) {
    if (files.has(stored) || Object.hasOwn(index.deleted ?? {}, stored)) continue;
    const known = missing.get(stored);
    missing.delete(stored);
    files.set(stored, await completed(stored, known, join(folder, stored)));
    if (known === undefined) findings.push(report('image.unlisted', stored, 'added under this name'));
    changed = true;
  }
  for (const stored of missing.keys())
    findings.push(report('image.missing', stored, 'listed, but there is no such file'));
  for (const stored of files.keys())
    if (!contentName.test(stored)) findings.push(report('image.name', stored, 'kept under this name'));
  if (!changed) return { index: null, findings };
  const { missing: _, ...rest } = index;
  return {
    index: {
      ...rest,
      files: Object.fromEntries(files),
      ...(missing.size > 0 && { missing: Object.fromEntries(missing) }),
    },
    findings,
  };
}

const texts = ['id', 'display_name', 'original_name', 'uploaded_at', 'hash'] as const;

function isWhole(stored: string, record: unknown): boolean {
  return (
    isObject(record) &&
    record.filename === stored &&
    Number.isSafeInteger(record.size) &&
    texts.every((name) => typeof record[name] === 'string' && record[name] !== '')
  );
}

/** What the record has, and the rest from the file and its name. */
async function completed(stored: string, known: unknown, path: string): Promise<ImageRecord> {
  const { sizeBytes, modifiedAt } = await fileTimes(path);
  const hash = contentName.test(stored) ? stored.slice(0, 32) : await hashOf(path);
  const shown = displayName(stored);
  const made = { id: hash, display_name: shown, original_name: shown, uploaded_at: modifiedAt, hash };
  const given = isObject(known) ? known : {};
  const kept = texts.filter((name) => typeof given[name] === 'string' && given[name] !== '');
  return {
    ...given,
    ...made,
    ...Object.fromEntries(kept.map((name) => [name, given[name]])),
    filename: stored,
    size: sizeBytes,
  };
}

async function hashOf(path: string): Promise<string> {
  const hash = new Blake2b16();
  await eachPiece(path, (piece) => void hash.update(piece));
  return hash.digest();
}
