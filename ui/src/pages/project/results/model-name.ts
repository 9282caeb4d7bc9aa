// A model as people tell it from others of its project: how it learned, and when.
import type { ModelInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export function useModelName(): (model: Pick<ModelInfo, 'detector' | 'created_at' | 'img_size'>) => string {
  const w = useWords(words);
  const format = useFormat();
  return ({ detector, created_at, img_size }) => {
    const method = w.methods[detector as keyof typeof w.methods] ?? detector;
    return `${method} · ${w.size(format.count(img_size))} · ${format.moment(created_at)}`;
  };
}
