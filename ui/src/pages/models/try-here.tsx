// A model running in this very page: its bundle is loaded, checked by its golden picture, and given pictures that stay here.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Button } from '../../components/button.tsx';
import { Failure } from '../../components/failure.tsx';
import { Notice } from '../../components/notice.tsx';
import { ScoreBar, VerdictShape, VerdictWord } from '../../components/verdict.tsx';
import { api } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { openHere, pixelsOf, type Runner } from './engine.ts';
import { words } from './words.ts';

interface Here {
  readonly runner: Runner;
  /** Score of the golden picture here, and as recorded; null of detectors. */
  readonly golden: { readonly score: number; readonly expected: number } | null;
}

interface Outcome {
  readonly name: string;
  readonly drawn: ImageData;
  readonly ms: number;
  readonly anomaly: { readonly score: number; readonly threshold: number; readonly isNg: boolean } | null;
  readonly found: readonly string[];
}

export default function TryHere({ modelId }: { readonly modelId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const pick = useRef<HTMLInputElement>(null);
  const here = useQuery({
    queryKey: ['runner', modelId],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    queryFn: () => load(modelId),
  });
  const runner = here.data?.runner;
  useEffect(() => () => void runner?.close(), [runner]);
  const test = useMutation({ mutationFn: (file: File) => judge(runner!, file) });
  if (here.error !== null) return <Failure error={here.error} onRetry={() => here.refetch()} />;
  if (here.data === undefined)
    return (
      <p role="status" className="row">
        <span className="spinner" aria-hidden="true" />
        {w.steps.bundle}…
      </p>
    );
  const { golden } = here.data;
  const result = test.data;
  return (
    <div className="stack">
      <Notice tone="ok">
        {w.steps.ready}
        {golden !== null &&
          `. ${w.tryGolden(format.decimal(golden.score, 6), format.decimal(golden.expected, 6))}`}
      </Notice>
      <section
        className="models-drop row"
        aria-label={w.tryDrop}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          const file = event.dataTransfer.files[0];
          if (file !== undefined) test.mutate(file);
        }}
      >
        <Button icon="upload" busy={test.isPending} onClick={() => pick.current?.click()}>
          {result === undefined ? w.tryPick : w.tryAgain}
        </Button>
        <span className="quiet">{w.tryDrop}</span>
        <input
          ref={pick}
          type="file"
          accept="image/*"
          hidden
          aria-label={w.tryPick}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file !== undefined) test.mutate(file);
            target.value = '';
          }}
        />
      </section>
      {test.error !== null && <Failure error={test.error} />}
      {result !== undefined && <Shown result={result} />}
    </div>
  );
}

function Shown({ result }: { readonly result: Outcome }) {
  const w = useWords(words);
  const format = useFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { name, drawn, ms, anomaly, found } = result;
  useEffect(() => canvas.current?.getContext('2d')?.putImageData(drawn, 0, 0), [drawn]);
  const verdict = anomaly === null ? (found.length > 0 ? 'objects' : 'nothing') : anomaly.isNg ? 'ng' : 'ok';
  return (
    <div className="models-here">
      <canvas
        ref={canvas}
        width={drawn.width}
        height={drawn.height}
        role="img"
        aria-label={`${w.withOverlay}: ${name}`}
      />
      <div className="stack tight">
        <p className="models-verdict" role="status">
          <VerdictShape verdict={verdict} size={40} />
          <strong>
            <VerdictWord verdict={verdict} />
          </strong>
        </p>
        <p className="cut" title={name}>
          {name}
        </p>
        {anomaly !== null && (
          <>
            <ScoreBar score={anomaly.score} threshold={anomaly.threshold} verdict={verdict} />
            <p className="quiet">
              {w.score} <data value={anomaly.score}>{format.decimal(anomaly.score, 6)}</data>
            </p>
          </>
        )}
        {anomaly === null && <p>{w.found(format.count(found.length))}</p>}
        {found.length > 0 && (
          <ul>
            {found.map((text, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the surest first, always
              <li key={i}>{text}</li>
            ))}
          </ul>
        )}
        <p className="quiet">{w.tryTime(format.count(Math.round(ms)))}</p>
      </div>
    </div>
  );
}

async function load(modelId: string): Promise<Here> {
  const answer = await api.downloadModel({ model_id: modelId, query: { format: 'bundle' } });
  const runner = await openHere(new Uint8Array(await answer.arrayBuffer()));
  if (runner.task !== 'anomaly') return { runner, golden: null };
  const png = new Blob([runner.golden.png as Uint8Array<ArrayBuffer>], { type: 'image/png' });
  const { score } = await runner.score(await pixelsOf(png));
  const expected = runner.golden.record.score;
  return { runner, golden: typeof expected === 'number' ? { score, expected } : null };
}

async function judge(runner: Runner, file: File): Promise<Outcome> {
  const pixels = await pixelsOf(file);
  const fromMs = performance.now();
  if (runner.task === 'anomaly') {
    const prediction = await runner.score(pixels);
    const { score, threshold, isAnomaly } = prediction;
    return {
      name: file.name,
      ms: performance.now() - fromMs,
      drawn: imageData(runner.overlay(pixels, prediction)),
      anomaly: { score, threshold, isNg: isAnomaly },
      found: [],
    };
  }
  const detections = await runner.detect(pixels);
  const { classes } = runner.model;
  return {
    name: file.name,
    ms: performance.now() - fromMs,
    drawn: imageData(runner.overlay(pixels, detections)),
    anomaly: null,
    found: detections.map(({ classId, confidence }) => `${classes[classId]} ${confidence.toFixed(2)}`),
  };
}

const imageData = ({
  data,
  width,
  height,
}: {
  data: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
}) => new ImageData(data, width, height);
