// What can be taken away of one result: its pictures, its map, and all that was answered.
import { Button } from '../../../components/button.tsx';
import { Icon } from '../../../components/icon.tsx';
import { useWords } from '../../../text/language.tsx';
import type { ShownResult } from './result.ts';
import { words } from './words.ts';

export function Downloads({ result, details }: { readonly result: ShownResult; readonly details: unknown }) {
  const w = useWords(words);
  const stem = result.filename.replace(/\.[^.]*$/, '');
  const files = [
    { href: result.overlayUrl, name: `${stem}-places.jpg`, label: w.withPlaces },
    { href: result.heatmapUrl, name: `${stem}-map.jpg`, label: w.heatmap },
    { href: result.mapUrl, name: `${stem}-map.npy`, label: w.mapFile },
  ];
  return (
    <section className="row" aria-label={w.download}>
      {files.map(
        ({ href, name, label }) =>
          href !== null && (
            <a key={name} className="button plain small" href={href} download={name}>
              <Icon name="download" size={16} />
              {label}
            </a>
          ),
      )}
      <Button
        small
        icon="download"
        onClick={() => save(`${stem}.json`, 'application/json', `${JSON.stringify(details, null, 2)}\n`)}
      >
        {w.json}
      </Button>
    </section>
  );
}

/** Hands a text over as a file. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
