// A sentence that matters, set off from the page.
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'note' | 'ok' | 'warn' | 'ng';
const icons: Readonly<Record<Tone, IconName>> = { note: 'note', ok: 'check', warn: 'warning', ng: 'warning' };

export function Notice({
  tone = 'note',
  children,
  action,
}: {
  readonly tone?: Tone;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={`notice ${tone}`} role={tone === 'ng' ? 'alert' : 'status'}>
      <Icon name={icons[tone]} />
      <div>{children}</div>
      {action}
    </div>
  );
}

export function Badge({
  tone = 'note',
  children,
}: {
  readonly tone?: Tone | 'plain';
  readonly children: ReactNode;
}) {
  return <span className={`badge ${tone}`}>{children}</span>;
}
