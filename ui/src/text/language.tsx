// The language of the pages: words lie beside what shows them, in English and Thai; a missing one does not compile.
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';

export const languages = { en: 'English', th: 'ไทย' } as const;
export type Language = keyof typeof languages;

type Translated<En> = {
  readonly [Key in keyof En]: En[Key] extends string
    ? string
    : En[Key] extends (...given: never[]) => unknown
      ? En[Key]
      : Translated<En[Key]>;
};

export interface Words<En> {
  readonly en: En;
  readonly th: Translated<En>;
}

/** Words by name; a function where a value stands within, such as `count: (n: number) => ...`. */
export function defineWords<En extends object>(words: Words<En>): Words<En> {
  return words;
}

interface Choice {
  readonly language: Language;
  choose(language: Language): void;
}

const LanguageContext = createContext<Choice>({ language: 'en', choose: () => {} });

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() =>
    document.documentElement.lang === 'th' ? 'th' : 'en',
  );
  const choose = useCallback((chosen: Language) => {
    document.documentElement.lang = chosen;
    remember('okapi.language', chosen);
    setLanguage(chosen);
  }, []);
  const choice = useMemo(() => ({ language, choose }), [language, choose]);
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}

export function useLanguage(): Choice {
  return useContext(LanguageContext);
}

export function useWords<En extends object>(words: Words<En>): En {
  const { language } = useLanguage();
  return words[language] as En;
}

/** For the next visit; where nothing may be stored, for this one alone. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage may be closed to us.
  }
}

/** What `remember` kept; null without it. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
