// `okapi check`: which pictures of good parts a person should look at before a training.
import { basename, relative, resolve } from 'node:path';
import { listDataset } from '../../vision/dataset/folder.ts';
import { openEncoder } from '../../vision/encoders/table.ts';
import { OkapiError } from '../../vision/errors.ts';
import { checkPictures, type PictureCheck } from '../../vision/hygiene/check-pictures.ts';
import type { FlagKind } from '../../vision/hygiene/rules.ts';
import { openRuntime } from '../../vision/runtime/open-runtime.ts';
import type { CommandContext } from '../context.ts';
import { countBar } from '../count-bar.ts';
import { exitCodes } from '../exit-codes.ts';
import { interruptible } from '../interrupt.ts';
import { printable, type Terminal } from '../terminal.ts';
import { count, figure } from '../wording.ts';

export interface CheckOptions {
  readonly json?: boolean;
}

/** Exit code 0 whatever is found; 1 when no picture could be read. */
export async function check(
  dir: string,
  options: CheckOptions,
  { terminal, version }: CommandContext,
): Promise<number> {
  const { train } = await listDataset(dir);
  if (train.length === 0)
    throw new OkapiError('dataset.layout', `expected pictures in ${dir} or ${dir}/train/good, found none`);
  const pictures = train.map((file) => ({ name: relative(dir, file), file }));
  const runtime = await openRuntime({ device: 'cpu' });
  const bar = countBar(terminal, 'checking', pictures.length);
  try {
    const encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
    const found = await interruptible(terminal, 'stopping after this picture', (signal) =>
      checkPictures(pictures, { runtime, encoder, signal, onPicture: () => bar.step() }),
    );
    bar.close();
    const { quality: _, ...rest } = found;
    if (options.json) terminal.out(JSON.stringify({ okapi: version, ...rest }, null, 2));
    else for (const line of checkLines(found, basename(resolve(dir)), terminal)) terminal.out(line);
    return found.checked > 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    bar.close();
    await runtime.close();
  }
}

const titles: Readonly<Record<FlagKind, string>> = {
  odd: 'Perhaps not good',
  near_duplicate: 'Almost the same as another',
  blurred: 'Not sharp',
  exposure: 'Brighter or darker than usual',
  size: 'Of another size',
};

export function checkLines(
  { checked, unread, flags, notes }: PictureCheck,
  name: string,
  terminal: Terminal,
): string[] {
  const heading = (text: string) => terminal.style('bold', text);
  const lines = [heading(`${printable(name)}: ${count(checked, 'picture')} checked`)];
  for (const note of notes) lines.push(`  ${note}`);
  for (const { name: file, code, message } of unread)
    lines.push(`  cannot be read: ${printable(file)}: ${printable(message)} (${code})`);
  for (const [kind, title] of Object.entries(titles)) {
    const of = flags.filter((flag) => flag.kind === kind);
    if (of.length === 0) continue;
    lines.push('', heading(`${title}: ${of.length}`));
    for (const { name: file, figure: value, typical, sentence } of of)
      lines.push(
        `  ${printable(file)}  ${figure(value)}${typical === null ? '' : ` (usually ${figure(typical)})`}`,
        `    ${printable(sentence)}`,
      );
  }
  if (flags.length === 0) lines.push('  nothing stands out');
  return lines;
}
