// How far an upload is: all files together, and each with its verdict.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../../../../components/button.tsx';
import { Progress } from '../../../../components/loading.tsx';
import { Badge, Notice } from '../../../../components/notice.tsx';
import { type Format, useFormat } from '../../../../text/format.ts';
import { useWords } from '../../../../text/language.tsx';
import { type Coded, useSaid } from '../../../../text/said.ts';
import './upload.css';
import { countStates, hasEnded, type UploadingFile } from './uploading-file.ts';
import { uploadsOf, useUploads } from './uploads.ts';
import { words } from './words.ts';

const rowHeight = 34;
const tones = {
  waiting: 'plain',
  sending: 'note',
  stored: 'ok',
  duplicate: 'plain',
  rejected: 'ng',
  failed: 'warn',
  canceled: 'plain',
} as const;
/** What a person has to know first. */
const ranks = {
  failed: 0,
  rejected: 1,
  sending: 2,
  waiting: 3,
  canceled: 4,
  duplicate: 5,
  stored: 6,
} as const;

export function UploadPanel({ projectId }: { readonly projectId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const { files, waitUntilMs } = useUploads(projectId);
  if (files.length === 0) return null;
  const uploads = uploadsOf(projectId);
  const counts = countStates(files);
  const done = files.filter(hasEnded).length;
  const isDone = done === files.length;
  const share = files.reduce((sum, file) => sum + shareOf(file), 0) / files.length;
  const told = (['stored', 'duplicate', 'rejected', 'failed', 'canceled'] as const).filter(
    (kind) => counts[kind] > 0,
  );
  return (
    <section className="card upload" aria-label={w.title}>
      <div className="row apart">
        <div className="row" role="status">
          <strong>
            {w.title} {w.sum(format.count(done), format.count(files.length))}
          </strong>
          {told.map((kind) => (
            <Badge key={kind} tone={tones[kind]}>
              {w[kind](format.count(counts[kind]))}
            </Badge>
          ))}
        </div>
        <div className="row">
          {counts.failed + counts.canceled > 0 && (
            <Button small icon="retry" onClick={() => uploads.retry()}>
              {w.retry}
            </Button>
          )}
          {isDone ? (
            <IconButton icon="close" label={w.close} onClick={() => uploads.clear()} />
          ) : (
            <Button small icon="stop" onClick={() => uploads.cancel()}>
              {w.cancel}
            </Button>
          )}
        </div>
      </div>
      {!isDone && <Progress share={share} label={w.title} />}
      {waitUntilMs !== null && <Wait untilMs={waitUntilMs} />}
      {isDone && counts.stored + counts.duplicate === files.length ? (
        <details className="upload-files">
          <summary>{w.files}</summary>
          <FileList files={files} />
        </details>
      ) : (
        <FileList files={files} />
      )}
    </section>
  );
}

function Wait({ untilMs }: { readonly untilMs: number }) {
  const w = useWords(words);
  const format = useFormat();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <Notice tone="warn">{w.wait(format.duration(Math.max(1, (untilMs - nowMs) / 1000)))}</Notice>;
}

function FileList({ files }: { readonly files: readonly UploadingFile[] }) {
  const w = useWords(words);
  const scroll = useRef<HTMLElement>(null);
  const sorted = [...files].sort((a, b) => ranks[a.state.kind] - ranks[b.state.kind] || a.id - b.id);
  const rows = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 4,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="upload-list" ref={scroll} tabIndex={0} aria-label={w.files}>
      <ul style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <li key={sorted[index]!.id} style={{ transform: `translateY(${start}px)` }}>
            <FileRow uploading={sorted[index]!} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function FileRow({ uploading }: { readonly uploading: UploadingFile }) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  const { state, path, file } = uploading;
  const why = state.kind === 'rejected' || state.kind === 'failed' ? reason(w, said, state) : null;
  return (
    <>
      <span className="cut grow" title={path}>
        {path}
      </span>
      {why !== null && (
        <span className="cut upload-why" title={why}>
          {why}
        </span>
      )}
      <span className="quiet upload-size">{format.bytes(file.size)}</span>
      <Badge tone={tones[state.kind]}>{stateText(w, format, uploading)}</Badge>
    </>
  );
}

function stateText(w: typeof words.en, format: Format, { state }: UploadingFile): string {
  if (state.kind !== 'sending') return w.states[state.kind];
  return state.share >= 1 ? w.states.checking : w.states.sending(format.percent(state.share));
}

/** In words of this list where it has some for the code. */
function reason(w: typeof words.en, said: ReturnType<typeof useSaid>, refused: Required<Coded>): string {
  const { code } = refused;
  return Object.hasOwn(w.why, code) ? w.why[code as keyof typeof w.why] : said(refused) || code;
}

function shareOf(file: UploadingFile): number {
  if (hasEnded(file)) return 1;
  // What the server still looks at is not done yet.
  return file.state.kind === 'sending' ? 0.9 * file.state.share : 0;
}
