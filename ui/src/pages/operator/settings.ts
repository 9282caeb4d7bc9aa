// How the line of a model is set up; kept in this browser for the next shift.
import { useState } from 'react';
import { recall, remember } from '../../text/language.tsx';

export interface LineSettings {
  readonly source: 'camera' | 'folder';
  readonly trigger: 'tap' | 'interval';
  readonly intervalSeconds: number;
  readonly hasSound: boolean;
  /** Of detectors: finding nothing is what is bad. */
  readonly isNgWithout: boolean;
}

const usual: LineSettings = {
  source: 'camera',
  trigger: 'tap',
  intervalSeconds: 2,
  hasSound: true,
  isNgWithout: false,
};

export const leastIntervalSeconds = 0.5;

export function useLineSettings(modelId: string) {
  const key = `okapi.operator.${modelId}`;
  const [settings, setSettings] = useState<LineSettings>(() => ({ ...usual, ...parsed(recall(key)) }));
  const change = (to: Partial<LineSettings>) => {
    const next = { ...settings, ...to };
    remember(key, JSON.stringify(next));
    setSettings(next);
  };
  return [settings, change] as const;
}

function parsed(text: string | null): Partial<LineSettings> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
