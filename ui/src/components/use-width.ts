// How wide an element is shown: drawings as wide as their place keep their text at its size.
import { type RefCallback, useEffect, useState } from 'react';

/** @param before until it was measured, in pixels */
export function useWidth<Shown extends Element>(before: number): [RefCallback<Shown>, number] {
  const [shown, setShown] = useState<Shown | null>(null);
  const [width, setWidth] = useState(before);
  useEffect(() => {
    if (shown === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const measured = Math.round(entry!.contentRect.width);
      if (measured > 0) setWidth(measured);
    });
    observer.observe(shown);
    return () => observer.disconnect();
  }, [shown]);
  return [setShown, width];
}
