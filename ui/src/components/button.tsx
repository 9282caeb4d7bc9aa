// Buttons, and links that look like them.
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from 'wouter';
import { Icon, type IconName } from './icon.tsx';

type Look = 'plain' | 'primary' | 'danger' | 'quiet';

interface Shared {
  readonly look?: Look;
  readonly icon?: IconName;
  readonly small?: boolean;
  readonly children?: ReactNode | undefined;
}

export interface ButtonProps extends Shared, Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  /** Something it started is under way; it cannot be pressed again. */
  readonly busy?: boolean;
}

export function Button({ look = 'plain', icon, small, busy, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classOf(look, small, rest.className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A picture alone; `label` is what it does. */
export function IconButton({
  label,
  icon,
  look = 'quiet',
  ...rest
}: Omit<ButtonProps, 'children'> & { readonly label: string; readonly icon: IconName }) {
  return (
    <Button
      {...rest}
      look={look}
      icon={icon}
      aria-label={label}
      title={label}
      className={`icon-only ${rest.className ?? ''}`}
    />
  );
}

export function LinkButton({
  to,
  look = 'plain',
  icon,
  small,
  children,
  ...rest
}: Shared & { readonly to: string; readonly className?: string }) {
  return (
    <Link to={to} {...rest} className={classOf(look, small, rest.className)}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}

function classOf(look: Look, small: boolean | undefined, more: string | undefined): string {
  return ['button', look, small && 'small', more].filter(Boolean).join(' ');
}
