// A small picture, or the place of one that is gone.
import { useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { useWords } from '../../../text/language.tsx';
import { words } from './threshold-words.ts';

export function Thumb({ url, name }: { readonly url: string | null; readonly name: string }) {
  const w = useWords(words);
  const [failed, setFailed] = useState<string | null>(null);
  if (url === null || failed === url)
    return (
      <span className="thumb results-gone" title={w.gone}>
        <Icon name="camera" />
        <span className="unseen">{w.gone}</span>
      </span>
    );
  return <img className="thumb" src={url} alt={name} loading="lazy" onError={() => setFailed(url)} />;
}
