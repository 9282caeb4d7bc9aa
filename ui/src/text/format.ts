// Numbers, sizes and times as people of the chosen language write them.
import { useMemo } from 'react';
import { useLanguage } from './language.tsx';

export interface Format {
  /** Such as "1,234". */
  count(n: number): string;
  /** With so many digits after the point. Default 3. */
  decimal(x: number, digits?: number): string;
  /** Of a share: "1 %", "0.5 %". */
  percent(share: number, digits?: number): string;
  /** Such as "2.4 MB". */
  bytes(n: number): string;
  /** Such as "3 minutes ago". */
  ago(moment: string | number, nowMs?: number): string;
  /** Such as "Nov 28, 2026, 6:26 PM". */
  moment(moment: string): string;
  /** Such as "2 min 5 s". */
  duration(seconds: number): string;
}

const steps = [
  ['year', 365 * 86400],
  ['month', 30 * 86400],
  ['week', 7 * 86400],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Thai pages keep Latin digits and the Gregorian calendar, as machines on the line do. */
const locales = { en: 'en', th: 'th-u-ca-gregory-nu-latn' } as const;

export function formatOf(language: keyof typeof locales): Format {
  const locale = locales[language];
  const decimals = (digits: number) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = new Intl.NumberFormat(locale);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const unit = (n: number, name: string) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: 0,
    }).format(n);
  return {
    count: (n) => whole.format(n),
    decimal: (x, digits = 3) => decimals(digits).format(x),
    percent: (share, digits = 0) => `${decimals(digits).format(share * 100)} %`,
    bytes(n) {
      const names = ['B', 'KB', 'MB', 'GB', 'TB'];
      const step = Math.min(names.length - 1, n < 1 ? 0 : Math.floor(Math.log10(n) / 3));
      return `${decimals(step === 0 || n / 1000 ** step >= 100 ? 0 : 1).format(n / 1000 ** step)} ${names[step]}`;
    },
    ago(moment, nowMs = Date.now()) {
      const seconds = (new Date(moment).getTime() - nowMs) / 1000;
      if (Number.isNaN(seconds)) return '';
      const [name, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
      return relative.format(Math.abs(seconds) < 60 ? 0 : Math.round(seconds / length), name);
    },
    moment(moment) {
      const date = new Date(moment);
      return Number.isNaN(date.getTime()) ? '' : full.format(date);
    },
    duration(seconds) {
      const s = Math.max(0, Math.round(seconds));
      if (s < 60) return unit(s, 'second');
      // Two units, or one where the second is none.
      const both = (first: string, second: string, n: number) => (n === 0 ? first : `${first} ${second}`);
      if (s < 3600) return both(unit(Math.floor(s / 60), 'minute'), unit(s % 60, 'second'), s % 60);
      const minutes = Math.floor((s % 3600) / 60);
      return both(unit(Math.floor(s / 3600), 'hour'), unit(minutes, 'minute'), minutes);
    },
  };
}

export function useFormat(): Format {
  const { language } = useLanguage();
  return useMemo(() => formatOf(language), [language]);
}
