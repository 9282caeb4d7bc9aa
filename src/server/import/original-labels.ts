// Looks through the labels of a project of the original for what could not be read later.
import { join } from 'node:path';
import { ServerError } from '../contract/errors.ts';
import { readIndex } from '../datasets/image-index.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { Finding } from './import-report.ts';
import { entriesOf, ownerFolder } from './local-tree.ts';
import { setAside } from './set-aside.ts';

/** Labels that cannot be read are put aside, so that the others of the project can. */
export async function lookAtLabels(context: Context, projectId: string): Promise<Finding[]> {
  const owner = { kind: 'project', id: projectId } as const;
  const folder = join(ownerFolder(context.config, owner), 'labels');
  const { index } = await readIndex(context, owner);
  const { files, folders, other } = await entriesOf(folder);
  const findings: Finding[] = [];
  const report = (code: Finding['code'], name: string, detail: string) =>
    findings.push({ code, path: `${docKeys.labels(projectId)}/${name}`, detail });
  for (const name of folders) report('folder.unknown', name, 'a folder among labels');
  for (const name of [...other, ...files.filter((file) => !file.endsWith('.json'))])
    report('file.unknown', name, 'not labels by its name');
  for (const name of files.filter((file) => file.endsWith('.json'))) {
    const image = name.slice(0, -'.json'.length);
    const key = docKeys.label(projectId, image);
    if (await isDamaged(context, key)) {
      await setAside(context, key, join(folder, name));
      await context.docs.delete(key);
      report('record.damaged', name, 'it is not valid JSON');
    } else if (key !== docKeys.labelClasses(projectId) && !Object.hasOwn(index.files, image))
      report('label.orphan', name, 'there is no picture of this name');
  }
  return findings;
}

async function isDamaged({ docs }: Context, key: string): Promise<boolean> {
  return docs.get(key).then(
    () => false,
    (error: unknown) => {
      if (error instanceof ServerError && error.code === 'doc.corrupt') return true;
      throw error;
    },
  );
}
