// Keeps the screen lit while the line runs, where the browser can; taken again when the page comes back into sight.
import { useEffect } from 'react';

export function useWakeLock(isOn: boolean): void {
  useEffect(() => {
    if (!isOn || navigator.wakeLock === undefined) return;
    let lock: WakeLockSentinel | null = null;
    let isWanted = true;
    const take = async () => {
      if (document.visibilityState !== 'visible') return;
      // Refused on an empty battery: the screen then sleeps, nothing else changes.
      const taken = await navigator.wakeLock.request('screen').catch(() => null);
      if (isWanted) lock = taken;
      else await taken?.release();
    };
    void take();
    document.addEventListener('visibilitychange', take);
    return () => {
      isWanted = false;
      document.removeEventListener('visibilitychange', take);
      void lock?.release();
    };
  }, [isOn]);
}
