// How sound the dataset is, in sentences, the serious ones first.
import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../../components/failure.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Skeleton } from '../../../components/loading.tsx';
import { api, type ResultOf } from '../../../server/client.ts';
import { type Format, useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

type Health = ResultOf<'getYoloHealth'>;

interface Finding {
  readonly isSerious: boolean;
  readonly text: string;
  readonly examples: readonly string[];
}

export function HealthReport({
  projectId,
  version,
}: {
  readonly projectId: string;
  readonly version: string | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: ['dataset', projectId, 'health', version],
    queryFn: () => api.getYoloHealth({ project_id: projectId }),
  });
  const findings = data === undefined ? [] : findingsOf(data, w.health_, format);
  return (
    <section className="card stack" aria-labelledby="dataset-health">
      <h2 id="dataset-health">{w.health}</h2>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={5} />}
      {data !== undefined && findings.length === 0 && <p>{w.sound}</p>}
      <ul className="dataset-findings">
        {findings.map(({ isSerious, text, examples }) => (
          <li key={text}>
            <span className={isSerious ? 'dataset-serious' : 'quiet'}>
              <Icon name={isSerious ? 'warning' : 'note'} />
            </span>
            <div className="grow">
              <p>{text}</p>
              {examples.length > 0 && (
                <details>
                  <summary className="quiet">{w.examples}</summary>
                  <ul className="mono dataset-examples">
                    {examples.map((example) => (
                      <li key={example}>{example}</li>
                    ))}
                  </ul>
                </details>
              )}
            </div>
          </li>
        ))}
      </ul>
      {data !== undefined && (
        <p className="hint">
          {w.sizes(
            sizeText(data.picture_sizes.smallest),
            sizeText(data.picture_sizes.median),
            sizeText(data.picture_sizes.largest),
          )}
        </p>
      )}
    </section>
  );
}

const sizeText = ({ width, height }: { readonly width: number; readonly height: number }) =>
  `${width} × ${height}`;
/** More boxes of one class than this for each of another one is worth a word. */
const unbalanced = 10;

function findingsOf(health: Health, w: (typeof words)['en']['health_'], format: Format): Finding[] {
  const { same_in_train_and_val: leaking, corrupt_images: corrupt, tiny_boxes: tiny, split } = health;
  const serious = (count: number, text: string, examples: readonly string[] = []) =>
    count > 0 ? [{ isSerious: true, text, examples }] : [];
  const note = (count: number, text: string, examples: readonly string[] = []) =>
    count > 0 ? [{ isSerious: false, text, examples }] : [];
  return [
    ...serious(
      leaking.count,
      w.leaking(leaking.count),
      leaking.examples.map(({ train, val }) => `${train} = ${val}`),
    ),
    ...serious(
      corrupt.count,
      w.corrupt(corrupt.count),
      corrupt.examples.map(({ file, detail }) => `${file}: ${detail}`),
    ),
    ...serious(health.unused_classes.length, w.unused(health.unused_classes.join(', '))),
    ...serious(
      health.balance !== null && health.balance > unbalanced ? 1 : 0,
      w.balance(format.decimal(health.balance ?? 0, 0)),
    ),
    ...serious(tiny.count, w.tiny(tiny.count, format.decimal(tiny.under_px, 0)), tiny.examples),
    ...note(
      health.images_without_labels.count,
      w.withoutLabels(health.images_without_labels.count),
      health.images_without_labels.examples,
    ),
    ...note(
      health.labels_without_images.count,
      w.withoutImages(health.labels_without_images.count),
      health.labels_without_images.examples,
    ),
    ...note(health.clamped_boxes, w.clamped(health.clamped_boxes)),
    ...note(health.duplicate_boxes, w.duplicate(health.duplicate_boxes)),
    ...note(health.polygons, w.polygons(health.polygons)),
    ...note(health.ignored_files, w.ignored(health.ignored_files)),
    ...note(split.by === 'seed' ? 1 : 0, w.split(format.percent(split.val_ratio ?? 0))),
  ];
}
