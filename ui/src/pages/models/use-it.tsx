// Lines to copy that use a model from the command line and from TypeScript.
import { Button } from '../../components/button.tsx';
import { useTell } from '../../components/toasts.tsx';
import type { ModelDetail } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

export function UseIt({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const { origin } = window.location;
  return (
    <section className="card stack" aria-labelledby="use">
      <h2 id="use">{w.use}</h2>
      <p className="quiet">{w.useText}</p>
      <Snippet name="curl" text={curlOf(origin, model)} />
      <Snippet name="TypeScript" text={typeScriptOf(origin, model)} />
    </section>
  );
}

function Snippet({ name, text }: { readonly name: string; readonly text: string }) {
  const w = useWords(words);
  const tell = useTell();
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => tell(w.copied),
      (error: unknown) => tell(String(error), { tone: 'ng' }),
    );
  return (
    <div className="stack tight">
      <div className="row apart">
        <h3>{name}</h3>
        <Button small icon="copy" aria-label={`${w.copy}: ${name}`} onClick={copy}>
          {w.copy}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where it is narrow */}
      <pre className="models-code" tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}

const curlOf = (origin: string, { model_id }: ModelDetail) =>
  `curl -H "Authorization: Bearer $OKAPI_KEY" -F files=@part.jpg \\
  "${origin}/models/${model_id}/test?store=false"`;

function typeScriptOf(origin: string, { model_id, task }: ModelDetail): string {
  const use =
    task === 'detect'
      ? `for (const { label, confidence, bbox } of item.detections) console.log(label, confidence, bbox);`
      : `console.log(item.is_anomaly ? 'NG' : 'OK', item.score, item.regions);`;
  return `import { readFile } from 'node:fs/promises';
import { okapiClient } from 'okapi-vision/client';

const api = okapiClient({ baseUrl: '${origin}', apiKey: process.env.OKAPI_KEY! });
const data = new Blob([await readFile('part.jpg')]);
const { items } = await api.testModel({
  model_id: '${model_id}',
  query: { store: false },
  files: [{ name: 'part.jpg', data }],
});
for (const item of items) {
  if ('error' in item) throw new Error(item.error_detail);
  ${use}
}`;
}
