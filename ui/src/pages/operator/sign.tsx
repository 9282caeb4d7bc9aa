// The one big sign: what is true of the part at hand, by word, shape and colour.
import { useEffect, useState } from 'react';
import { digitsFor, VerdictShape } from '../../components/verdict.tsx';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { useSaid } from '../../text/said.ts';
import type { Judged, Line } from './line.ts';
import { words } from './words.ts';

/** Why nothing is shown now. */
export type Idle = 'ready' | 'readyInterval' | 'readyFolder' | 'readyFiles';

export function BigSign({ line, idle }: { readonly line: Line; readonly idle: Idle }) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  const { sign } = line;
  if (sign.kind === 'verdict') {
    const { isNg, item } = sign.judged;
    return (
      <span className="op-words">
        <VerdictShape verdict={isNg ? 'ng' : 'ok'} size={100} />
        <strong className="op-word">{isNg ? w.ng : w.ok}</strong>
        <span className="op-more">
          {item.heatmap_url === null && item.detections.length > 0
            ? w.found(format.count(item.detections.length))
            : w.score(
                format.decimal(item.score, digitsFor(item.threshold)),
                format.decimal(item.threshold, digitsFor(item.threshold)),
              )}
        </span>
        {item.is_uncertain && <span className="op-more">{w.uncertain}</span>}
      </span>
    );
  }
  const hint =
    sign.kind === 'failed' ? said(sign.why) : w.stateHints[sign.kind === 'ready' ? idle : sign.kind];
  return (
    <span className="op-words">
      <strong className="op-state">{w.states[sign.kind]}</strong>
      <span className="op-more">{hint}</span>
      {line.last !== null && <Last judged={line.last} />}
    </span>
  );
}

/** The verdict before, plainly as the past. */
function Last({ judged }: { readonly judged: Judged }) {
  const w = useWords(words);
  const format = useFormat();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 5000);
    return () => clearInterval(timer);
  }, []);
  return (
    <small className="op-last">
      {w.last(judged.isNg ? w.ng : w.ok, format.ago(judged.atMs, Math.max(nowMs, judged.atMs)))}
    </small>
  );
}
