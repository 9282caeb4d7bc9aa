// What was odd about a data folder of the original: kept for people, and to see at the next start that nothing is new.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';

/** What each finding means; its detail says what was done about it. */
export const findingTitles = {
  'file.unknown': 'a file that nothing here uses; it was left as it is',
  'folder.unknown': 'a folder that nothing here uses; it was left as it is',
  'name.unusable': 'a name that no address can carry; the file was left as it is',
  'record.damaged': 'a record that cannot be read; a copy was kept',
  'project.no_record': 'a folder of a project without its record; it was left as it is',
  'image.unlisted': 'a picture that the index did not list; it was added to the index',
  'image.missing': 'the index lists a picture that is not there; its record was put aside',
  'image.name': 'a picture whose stored name is not its content hash',
  'image.record': 'a record of a picture that lacked something; it was completed from the file',
  'label.orphan': 'labels of a picture that is not there; they were left as they are',
  'model.incomplete': 'a folder without the files of a model; it was left as it is',
  'model.unreadable': 'a model whose settings cannot be read; it was left as it is',
  'model.same_id': 'a second model of the same id; it was left as it is',
} as const satisfies Record<string, string>;

export interface Finding {
  readonly code: keyof typeof findingTitles;
  /** Below the data folder. */
  readonly path: string;
  readonly detail: string;
}

/** What is known of one folder: that of a project, of a scene, or the whole. */
export interface PlaceReport {
  /** SHA-256 over the names in raw/; while it stays the same there is nothing to look at. */
  readonly names: string | null;
  /** Models that were taken over; one that is deleted later does not come back. */
  readonly models: readonly string[];
  readonly findings: readonly Finding[];
  /** How many more there are of a code than `findings` lists. */
  readonly more: { readonly [code: string]: number };
}

export interface ImportReport {
  /** Such as "projects/p-1". */
  readonly places: { readonly [place: string]: PlaceReport };
}

/** Empty before the first start, and when it cannot be read: then everything is looked at anew. */
export async function readImportReport({ docs }: Context): Promise<ImportReport> {
  try {
    return (await docs.get<ImportReport>(docKeys.importReport))?.value ?? { places: {} };
  } catch (error) {
    if (error instanceof ServerError && error.code === 'doc.corrupt') return { places: {} };
    throw error;
  }
}

/** Things that happened once; the other findings are told as long as they are so. */
const events: readonly Finding['code'][] = ['record.damaged', 'image.unlisted', 'image.record'];
const mostOfOneCode = 50;

/** The events of earlier starts and what is found now; of each code the first ones, and how many more there are. */
export function mergeFindings(
  before: Pick<PlaceReport, 'findings' | 'more'>,
  now: readonly Finding[],
): Pick<PlaceReport, 'findings' | 'more'> {
  const findings: Finding[] = [];
  const more: { [code: string]: number } = {};
  for (const code of Object.keys(findingTitles) as Finding['code'][]) {
    const isEvent = events.includes(code);
    const all = [...(isEvent ? before.findings : []), ...now].filter((finding) => finding.code === code);
    const different = [...new Map(all.map((finding) => [finding.path, finding])).values()];
    findings.push(...different.slice(0, mostOfOneCode));
    const left = (isEvent ? (before.more[code] ?? 0) : 0) + Math.max(0, different.length - mostOfOneCode);
    if (left > 0) more[code] = left;
  }
  return { findings, more };
}

export async function writeImportReport({ docs }: Context, report: ImportReport): Promise<void> {
  await docs.put(docKeys.importReport, report);
}
