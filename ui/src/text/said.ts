// Sentences of the server for the person who reads: the server writes English; in Thai the meaning of the code stands before it.
import { useCallback } from 'react';
import { meaningsInThai } from './error-codes-th.ts';
import { type Language, useLanguage } from './language.tsx';

/** An error, or what a job or a verdict says of one. */
export interface Coded {
  readonly code?: string;
  readonly detail?: string;
}

/** Turns whatever was thrown, or the code and the sentence of a job, into words. */
export function useSaid(): (what: unknown) => string {
  const { language } = useLanguage();
  return useCallback((what: unknown) => said(what, language), [language]);
}

export function said(what: unknown, language: Language): string {
  const { code, detail } = codedOf(what);
  const meaning = language === 'th' && code !== undefined ? meaningOf(code) : null;
  if (meaning === null) return detail;
  return detail === '' ? meaning : `${meaning} (${detail})`;
}

function codedOf(what: unknown): { readonly code: string | undefined; readonly detail: string } {
  if (typeof what !== 'object' || what === null) return { code: undefined, detail: String(what ?? '') };
  const { code, detail } = what as Coded;
  return { code, detail: what instanceof Error ? what.message : (detail ?? '') };
}

function meaningOf(code: string): string | null {
  return Object.hasOwn(meaningsInThai, code) ? meaningsInThai[code as keyof typeof meaningsInThai] : null;
}
