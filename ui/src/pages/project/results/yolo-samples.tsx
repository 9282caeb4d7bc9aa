// Val pictures and what the detector found in them, as its training drew them.
import { useState } from 'react';
import { useJob } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words as trainWords } from '../train/job-words.ts';
import { words } from './yolo-words.ts';

const mostShown = 6;

export function YoloSamples({ jobId }: { readonly jobId: string }) {
  const w = useWords(words);
  const tw = useWords(trainWords);
  const format = useFormat();
  const { story } = useJob(jobId);
  const [gone, setGone] = useState<readonly string[]>([]);
  const samples = story.samples.filter(({ reconstruction_url }) => !gone.includes(reconstruction_url));
  if (story.samples.length === 0) return null;
  return (
    <section className="stack tight" aria-labelledby="samples-title">
      <h3 id="samples-title">{w.samples}</h3>
      {samples.length === 0 ? (
        <p className="quiet">{w.noSamples}</p>
      ) : (
        <ul className="results-samples">
          {samples
            .slice(-mostShown)
            .reverse()
            .map(({ epoch, reconstruction_url }) => (
              <li key={reconstruction_url}>
                <figure>
                  <img
                    src={reconstruction_url}
                    alt={`${tw.found}, ${tw.sample(format.count(epoch))}`}
                    loading="lazy"
                    onError={() => setGone((all) => [...all, reconstruction_url])}
                  />
                  <figcaption className="quiet">{tw.sample(format.count(epoch))}</figcaption>
                </figure>
              </li>
            ))}
        </ul>
      )}
    </section>
  );
}
