// Pictures and what the model makes of them by now, side by side, the newest large.
import { useState } from 'react';
import type { JobStory } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

type Sample = JobStory['samples'][number];

export function JobSamples({
  samples,
  isYolo,
}: {
  readonly samples: readonly Sample[];
  readonly isYolo: boolean;
}) {
  const w = useWords(words);
  const format = useFormat();
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = samples.at(-1);
  if (newest === undefined) return null;
  const shown = samples.find(({ picture_url }) => picture_url === chosen) ?? newest;
  return (
    <section className="card stack train-samples">
      <div className="row apart">
        <h3>{isYolo ? w.samplesYolo : w.samples}</h3>
        <span className="quiet">{w.sample(format.count(shown.epoch))}</span>
      </div>
      <div className="train-pair">
        <Drawn url={shown.picture_url} name={w.original} />
        <Drawn url={shown.reconstruction_url} name={isYolo ? w.found : w.drawn} />
      </div>
      {samples.length > 1 && (
        <ul className="train-strip" aria-label={w.earlierSamples}>
          {samples.map((sample) => (
            <li key={sample.picture_url}>
              <button
                type="button"
                aria-pressed={sample === shown}
                aria-label={w.sample(format.count(sample.epoch))}
                title={w.sample(format.count(sample.epoch))}
                onClick={() => setChosen(sample === newest ? null : sample.picture_url)}
              >
                <img src={sample.reconstruction_url} alt="" loading="lazy" width="44" height="44" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Pictures of trainings expire as previews do. */
function Drawn({ url, name }: { readonly url: string; readonly name: string }) {
  const w = useWords(words);
  const [gone, setGone] = useState<string | null>(null);
  return (
    <figure>
      {gone === url ? (
        <p className="train-gone quiet">{w.sampleGone}</p>
      ) : (
        <img src={url} alt={name} onError={() => setGone(url)} />
      )}
      <figcaption className="quiet">{name}</figcaption>
    </figure>
  );
}
