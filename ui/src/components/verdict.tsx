// A verdict, told by word, colour and shape alike, and a score against its threshold.
import { useId } from 'react';
import { useFormat } from '../text/format.ts';
import { defineWords, useWords } from '../text/language.tsx';
import './verdict.css';

export type VerdictName = 'ok' | 'ng' | 'objects' | 'nothing';

const words = defineWords({
  en: {
    ok: 'OK',
    ng: 'NG',
    uncertain: 'uncertain',
    objects: 'Found',
    nothing: 'Nothing found',
    score: 'Score',
    threshold: (value: string) => `threshold ${value}`,
    against: (score: string, threshold: string) => `Score ${score}, threshold ${threshold}`,
  },
  th: {
    ok: 'OK',
    ng: 'NG',
    uncertain: 'ไม่แน่ใจ',
    objects: 'พบ',
    nothing: 'ไม่พบ',
    score: 'คะแนน',
    threshold: (value: string) => `เกณฑ์ ${value}`,
    against: (score: string, threshold: string) => `คะแนน ${score} เกณฑ์ ${threshold}`,
  },
});

/** A circle for good, an octagon for bad; a triangle beside either says that a person should look. */
const shapes: Readonly<
  Record<VerdictName | 'uncertain', { readonly ground: string; readonly sign: string }>
> = {
  ok: { ground: 'M50 4a46 46 0 1 0 0 92 46 46 0 0 0 0-92', sign: 'm28 52 15 15 30-33' },
  ng: { ground: 'M31 4h38l27 27v38L69 96H31L4 69V31z', sign: 'm33 33 34 34M67 33 33 67' },
  uncertain: { ground: 'M50 6 97 92H3z', sign: 'M50 38v24M50 76v.1' },
  objects: { ground: 'M6 6h88v88H6z', sign: 'M28 40V28h12M60 28h12v12M72 60v12H60M40 72H28V60' },
  nothing: { ground: 'M6 6h88v88H6z', sign: 'M30 50h40' },
};

export function VerdictShape({
  verdict,
  size = 20,
}: {
  readonly verdict: VerdictName | 'uncertain';
  readonly size?: number;
}) {
  const { ground, sign } = shapes[verdict];
  return (
    <svg
      className={`verdict-shape ${verdict}`}
      width={size}
      height={size}
      viewBox="0 0 100 100"
      aria-hidden="true"
    >
      <path className="verdict-ground" d={ground} />
      <path className="verdict-sign" d={sign} />
    </svg>
  );
}

export function VerdictWord({ verdict }: { readonly verdict: VerdictName }) {
  return useWords(words)[verdict];
}

/** Small, for lists. */
export function VerdictTag({
  verdict,
  isUncertain,
}: {
  readonly verdict: VerdictName;
  readonly isUncertain: boolean;
}) {
  const w = useWords(words);
  return (
    <span className={`verdict-tag ${verdict}`}>
      <VerdictShape verdict={verdict} size={16} />
      {w[verdict]}
      {isUncertain && (
        <span className="verdict-near" title={w.uncertain}>
          <VerdictShape verdict="uncertain" size={14} />
          <span className="unseen">, {w.uncertain}</span>
        </span>
      )}
    </span>
  );
}

/** Beside a large verdict. */
export function UncertainTag() {
  return (
    <span className="verdict-tag uncertain">
      <VerdictShape verdict="uncertain" size={16} />
      {useWords(words).uncertain}
    </span>
  );
}

/** The bar runs to twice the threshold, or to the score where that is more: the threshold stands in the middle of ordinary pictures. */
export function ScoreBar({
  score,
  threshold,
  verdict,
}: {
  readonly score: number;
  readonly threshold: number;
  readonly verdict: VerdictName;
}) {
  const w = useWords(words);
  const format = useFormat();
  const id = useId();
  const top = Math.max(2 * threshold, 1.05 * score, Number.MIN_VALUE);
  const x = (value: number) => (100 * Math.min(Math.max(value, 0), top)) / top;
  const digits = digitsFor(threshold);
  const shown = format.decimal(score, digits);
  const cut = format.decimal(threshold, digits);
  return (
    <div className="score">
      <div className="score-words">
        <span>
          <span className="quiet">{w.score}</span> <strong>{shown}</strong>
        </span>
        <span className="quiet">{w.threshold(cut)}</span>
      </div>
      <svg
        className="score-bar"
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="img"
        aria-labelledby={id}
      >
        <title id={id}>{w.against(shown, cut)}</title>
        <rect className="score-ground" x="0" y="1" width="100" height="6" />
        <rect className={`score-fill ${verdict}`} x="0" y="1" width={x(score)} height="6" />
        <line className="score-cut" x1={x(threshold)} x2={x(threshold)} y1="0" y2="8" />
      </svg>
    </div>
  );
}

/** So many digits after the point that three figures of the threshold are seen. */
export function digitsFor(threshold: number): number {
  const size = Math.abs(threshold);
  return size > 0 ? Math.min(6, Math.max(1, 2 - Math.floor(Math.log10(size)))) : 3;
}
