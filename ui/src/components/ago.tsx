// A moment as people say it, with the exact one at hand; it keeps itself true.
import { useEffect, useState } from 'react';
import { useFormat } from '../text/format.ts';

export function Ago({ at }: { readonly at: string }) {
  const format = useFormat();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={format.moment(at)}>
      {format.ago(at, nowMs)}
    </time>
  );
}
