// The files of a model: downloads by format, and each file with its size and hash.
import { Icon } from '../../components/icon.tsx';
import type { ModelDetail } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

/** Format of a download -> one of the files that it is made of. */
const formats = {
  bundle: ['model.onnx', 'model.safetensors', 'model.pt', 'model.pth'],
  onnx: ['model.onnx'],
  safetensors: ['model.safetensors'],
  pt: ['model.pt', 'model.pth'],
} as const;

export function Files({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const names = new Set(model.files.map(({ name }) => name));
  const isBase = model.path.startsWith('imports/');
  const offered = (Object.keys(formats) as (keyof typeof formats)[]).filter(
    (kind) => formats[kind].some((name) => names.has(name)) && !(isBase && kind === 'bundle'),
  );
  return (
    <section className="card stack tight">
      <h2>{w.downloads}</h2>
      <ul className="models-downloads">
        {offered.map((kind) => (
          <li key={kind}>
            <a
              className="button plain"
              href={`/models/${encodeURIComponent(model.model_id)}/download?format=${kind}`}
              download
            >
              <Icon name="download" />
              {kind}
            </a>
            <span className="quiet">{w.formats[kind]}</span>
          </li>
        ))}
      </ul>
      <details>
        <summary>{w.files}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where it is narrow */}
        <section className="scroll-x" tabIndex={0} aria-label={w.files}>
          <table>
            <thead>
              <tr>
                <th scope="col">{w.file}</th>
                <th scope="col" className="number">
                  {w.size}
                </th>
                <th scope="col">SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {model.files.map(({ name, bytes, sha256 }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td className="number">{format.bytes(bytes)}</td>
                  <td className="mono" title={sha256}>
                    {sha256.slice(0, 16)}…
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </section>
  );
}
