// What a detector of objects found: boxes with class and confidence; both thresholds act at once.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Failure } from '../../../components/failure.tsx';
import { Slider } from '../../../components/field.tsx';
import { Stage } from '../../../components/stage.tsx';
import { api } from '../../../server/client.ts';
import { refusalOf } from '../../../server/refusal.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { type Detection, type ShownResult, shapeOf } from './result.ts';
import { words } from './words.ts';

/** Boxes under this, and under the model's own threshold, are not asked for: a detector has hundreds of them everywhere. */
const usualLeast = 0.01;

export function ObjectsView({
  modelId,
  result,
  size,
  file,
}: {
  readonly modelId: string;
  readonly result: ShownResult;
  readonly size: { readonly width: number; readonly height: number };
  readonly file?: File;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { data: model } = useQuery({
    queryKey: ['model', modelId],
    queryFn: () => api.getModel({ model_id: modelId }),
  });
  const [conf, setConf] = useState(result.threshold);
  const [chosenIou, setIou] = useState<number | null>(null);
  const iou = chosenIou ?? model?.thresholds.at(-1)?.iou ?? 0.45;
  const least = file === undefined ? result.threshold : Math.min(result.threshold, usualLeast);
  const { candidates, error, isAsking } = useCandidates(modelId, file, least, useDeferredValue(iou));
  const [lit, setLit] = useState<number | null>(null);
  // Suppression goes from the surest box down, so leaving out the least sure afterwards gives the same boxes.
  const shown = (candidates ?? result.detections).filter(({ confidence }) => confidence >= conf);
  const classes = [...new Set([...(model?.classes ?? []), ...shown.map(({ label }) => label)])];
  const colourOf = (label: string) => `var(--class-${classes.indexOf(label) % 8})`;
  const stroke = Math.max(size.width, size.height) / 320;
  return (
    <div className="test-anomaly" style={shapeOf(size)}>
      <div className="test-sliders">
        <Slider
          label={w.confidence}
          value={conf}
          min={Math.min(least, conf)}
          max={1}
          step={0.001}
          shown={format.decimal(conf, conf < 0.1 ? 3 : 2)}
          onChange={setConf}
        />
        {file !== undefined && (
          <Slider
            label={w.iou}
            value={iou}
            min={0}
            max={1}
            step={0.05}
            shown={format.decimal(iou, 2)}
            onChange={setIou}
          />
        )}
        <span className="quiet" role="status">
          {isAsking ? `${w.asking}…` : w.foundCount(format.count(shown.length))}
        </span>
      </div>
      {error !== null && <Failure error={error} />}
      <div className="test-look">
        <Stage {...size} label={w.look(result.filename)} className="test-stage">
          <image href={result.imageUrl} width={size.width} height={size.height} />
          {shown.map(({ label, confidence, bbox: [x1 = 0, y1 = 0, x2 = 0, y2 = 0] }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the surest first, always
            <g key={i} className={lit === i ? 'test-box lit' : 'test-box'} style={{ color: colourOf(label) }}>
              <rect
                x={x1}
                y={y1}
                width={x2 - x1}
                height={y2 - y1}
                strokeWidth={lit === i ? 2 * stroke : stroke}
              />
              <text
                x={x1 + stroke}
                y={y1 > 8 * stroke ? y1 - 2 * stroke : y1 + 8 * stroke}
                fontSize={8 * stroke}
              >
                {label} {format.decimal(confidence, 2)}
              </text>
            </g>
          ))}
        </Stage>
        <section className="test-regions" aria-label={w.objects}>
          <h2>
            {w.objects} <span className="quiet">{format.count(shown.length)}</span>
          </h2>
          {shown.length === 0 && <p className="quiet">{w.noObjects}</p>}
          <ol>
            {shown.map(({ label, confidence }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the surest first, always
              <li key={i}>
                <button
                  type="button"
                  className={lit === i ? 'test-place lit' : 'test-place'}
                  onPointerEnter={() => setLit(i)}
                  onPointerLeave={() => setLit(null)}
                  onFocus={() => setLit(i)}
                  onBlur={() => setLit(null)}
                >
                  <strong className="cut">
                    <span className="test-swatch" style={{ background: colourOf(label) }} />
                    {label}
                  </strong>
                  <span>{format.decimal(confidence, 2)}</span>
                </button>
              </li>
            ))}
          </ol>
        </section>
      </div>
      {file !== undefined && <p className="hint">{w.iouHint}</p>}
    </div>
  );
}

/** All that the model finds at this overlap, down to the least confidence; undefined without the picture at hand. */
function useCandidates(
  modelId: string,
  file: File | undefined,
  least: number,
  iou: number,
): {
  readonly candidates: readonly Detection[] | undefined;
  readonly error: unknown;
  readonly isAsking: boolean;
} {
  const { data, error, isFetching } = useQuery({
    queryKey: ['candidates', modelId, file?.name, file?.size, file?.lastModified, least, iou],
    enabled: file !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { items } = await api.testModel({
        model_id: modelId,
        query: { store: false, conf: least, iou },
        files: [{ name: file!.name, data: file! }],
        signal,
      });
      const item = items[0]!;
      if ('error' in item) throw refusalOf(item);
      return item.detections;
    },
  });
  return { candidates: data, error, isAsking: isFetching };
}
