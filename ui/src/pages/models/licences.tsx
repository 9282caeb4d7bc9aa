// Whose weights are in a model, and what that asks of those who pass it on.
import type { ModelDetail } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

export function Licences({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const { encoder, started_from } = model;
  const own = started_from !== null ? w.licencesStarted(started_from) : w.licencesText[encoder ?? ''];
  return (
    <section className="card stack tight">
      <h2>{w.licences}</h2>
      <p>{own ?? w.licencesUnknown}</p>
      <p className="quiet">{w.licencesOwn}</p>
    </section>
  );
}
