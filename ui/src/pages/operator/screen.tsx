// The running line: the big sign, counters, last rejects, and the few things an operator may do.
import { useEffect, useRef, useState } from 'react';
import { type Camera, CameraView } from '../../components/camera.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Failure } from '../../components/failure.tsx';
import { digitsFor } from '../../components/verdict.tsx';
import type { ModelDetail } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { HeadButton } from './head-button.tsx';
import type { Judged } from './line.ts';
import type { FilesSource, PictureSource, TriggeredSource } from './picture-source.ts';
import type { LineSettings } from './settings.ts';
import { BigSign, type Idle } from './sign.tsx';
import type { Alarm } from './sound.ts';
import { useLine } from './use-line.ts';
import { useWakeLock } from './wake-lock.ts';
import { words } from './words.ts';

interface ScreenProps {
  readonly model: ModelDetail;
  readonly name: string;
  readonly source: PictureSource;
  readonly camera: Camera;
  readonly settings: LineSettings;
  readonly onSettings: (change: Partial<LineSettings>) => void;
  readonly alarm: Alarm;
  readonly onStop: () => void;
}

/** Where nothing says when the next part comes, a verdict stands this long. */
const shownMs = 20_000;

export function Screen({ model, name, source, camera, settings, onSettings, alarm, onStop }: ScreenProps) {
  const w = useWords(words);
  const format = useFormat();
  const [isPaused, setPaused] = useState(false);
  const [open, setOpen] = useState<Judged | null>(null);
  const pick = useRef<HTMLInputElement>(null);
  const trigger = 'trigger' in source ? (source as TriggeredSource).trigger : null;
  const add = 'add' in source ? (source as FilesSource).add : null;
  const isInterval = trigger !== null && settings.trigger === 'interval';
  const { line, error, waiting, reset } = useLine({
    modelId: model.model_id,
    source,
    isPaused,
    freshMs: isInterval ? 2000 * settings.intervalSeconds + 2000 : shownMs,
    isNgWithout: model.task === 'detect' && settings.isNgWithout,
    onNg: () => settings.hasSound && alarm.ring(),
  });
  useWakeLock(!isPaused);
  const idle: Idle =
    add !== null ? 'readyFiles' : trigger === null ? 'readyFolder' : isInterval ? 'readyInterval' : 'ready';
  const isOpen = open !== null;

  useEffect(() => {
    const keys: Readonly<Record<string, () => void>> = {
      ' ': () => trigger?.(),
      p: () => setPaused((now) => !now),
      m: () => onSettings({ hasSound: !settings.hasSound }),
      f: fullScreen,
    };
    const onKey = (event: KeyboardEvent) => {
      const act = keys[event.key.toLowerCase()];
      if (act === undefined || isOpen || event.repeat || event.ctrlKey || event.metaKey || event.altKey)
        return;
      // On the few buttons the space bar is theirs; on a reject that was looked at it is the trigger again.
      const isOwn = event.target instanceof Element && event.target.closest('.op-head, .op-counts') !== null;
      if (event.key === ' ' && isOwn) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [trigger, onSettings, settings.hasSound, isOpen]);

  const { ok, ng, failed } = line.counts;
  const kind = line.sign.kind === 'verdict' ? (line.sign.judged.isNg ? 'ng' : 'ok') : line.sign.kind;
  return (
    <main className="op-screen">
      <header className="op-head">
        <h1 className="cut">{name}</h1>
        <div className="row">
          {add !== null && (
            <HeadButton icon="plus" name={w.morePictures} onClick={() => pick.current?.click()} />
          )}
          <HeadButton
            icon={settings.hasSound ? 'sound' : 'silent'}
            name={settings.hasSound ? w.soundOn : w.soundOff}
            isPressed={settings.hasSound}
            onClick={() => onSettings({ hasSound: !settings.hasSound })}
          />
          <HeadButton
            icon={isPaused ? 'play' : 'pause'}
            name={isPaused ? w.resume : w.pause}
            onClick={() => setPaused(!isPaused)}
          />
          <HeadButton icon="full" name={w.full} onClick={fullScreen} />
          <HeadButton icon="stop" name={w.stop} onClick={onStop} />
        </div>
      </header>
      {error !== null && <Failure error={error} onRetry={onStop} />}
      <button
        type="button"
        className={`op-sign ${kind}`}
        data-sign={kind}
        disabled={isPaused || trigger === null}
        onClick={() => trigger?.()}
      >
        {trigger !== null && <span className="unseen">{w.trigger}</span>}
        <BigSign line={line} idle={idle} />
      </button>
      <p className="unseen" role="status">
        {kind === 'ok' || kind === 'ng' ? w[kind] : w.states[line.sign.kind as keyof typeof w.states]}
      </p>
      <aside className="op-side">
        {trigger !== null && <CameraView camera={camera} />}
        <section className="op-counts" aria-label={w.counters}>
          <dl>
            <Count name={w.total} value={format.count(ok + ng)} />
            <Count name={w.good} value={format.count(ok)} />
            <Count name={w.bad} value={format.count(ng)} />
            <Count name={w.share} value={ok + ng === 0 ? '–' : format.percent(ng / (ok + ng), 1)} />
            {failed > 0 && <Count name={w.failed} value={format.count(failed)} />}
          </dl>
          <div className="row apart">
            <button type="button" className="link" onClick={reset}>
              {w.reset}
            </button>
            {waiting > 0 && <span className="quiet">{w.left(format.count(waiting))}</span>}
          </div>
        </section>
        <section className="op-rejects" aria-label={w.rejects}>
          <h2>{w.rejects}</h2>
          {line.rejects.length === 0 && <p className="quiet">{w.noRejects}</p>}
          <ul>
            {line.rejects.map((reject) => (
              <li key={reject.item.result_id}>
                <button type="button" onClick={() => setOpen(reject)}>
                  <img src={reject.item.overlay_url ?? ''} alt={w.openReject(reject.filename)} />
                  <small>{new Date(reject.atMs).toLocaleTimeString('en-GB')}</small>
                </button>
              </li>
            ))}
          </ul>
        </section>
      </aside>
      <input
        ref={pick}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label={w.morePictures}
        onChange={({ target }) => {
          add?.([...(target.files ?? [])]);
          target.value = '';
        }}
      />
      {open !== null && (
        <Dialog title={open.filename} onClose={() => setOpen(null)} wide>
          <img className="op-open" src={open.item.overlay_url ?? ''} alt={w.reject} />
          <p>
            {w.score(
              format.decimal(open.item.score, digitsFor(open.item.threshold)),
              format.decimal(open.item.threshold, digitsFor(open.item.threshold)),
            )}
          </p>
        </Dialog>
      )}
    </main>
  );
}

function Count({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function fullScreen(): void {
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen?.();
  done?.catch(() => {}); // Some tablets have none.
}
