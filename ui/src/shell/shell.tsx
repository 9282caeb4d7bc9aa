// What stands around every page: where one can go, the language, the theme, and whether the server is there.
import { type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { addresses } from '../addresses.ts';
import { Button, IconButton } from '../components/button.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { Notice } from '../components/notice.tsx';
import { Segments } from '../components/segments.tsx';
import { api } from '../server/client.ts';
import { connection, useConnection } from '../server/connection.ts';
import { useSession } from '../server/sign-in.tsx';
import { useFormat } from '../text/format.ts';
import { languages, recall, remember, useLanguage, useWords } from '../text/language.tsx';
import './shell.css';
import { words } from './words.ts';

const places: readonly {
  readonly to: string;
  readonly icon: IconName;
  readonly word: 'projects' | 'models' | 'operator' | 'system';
}[] = [
  { to: addresses.projects, icon: 'projects', word: 'projects' },
  { to: addresses.models, icon: 'models', word: 'models' },
  { to: addresses.operator, icon: 'operator', word: 'operator' },
  { to: addresses.system, icon: 'system', word: 'system' },
];

export function Shell({ children }: { readonly children: ReactNode }) {
  const w = useWords(words);
  const [path] = useLocation();
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {w.skip}
      </a>
      <header className="top">
        <Link to={addresses.projects} className="brand">
          <img src="/ui/assets/okapi.svg" alt="" width="26" height="26" />
          Okapi
        </Link>
        <nav aria-label={w.pages}>
          {places.map(({ to, icon, word }) => (
            <Link key={to} to={to} aria-current={path.startsWith(to) ? 'page' : undefined} title={w[word]}>
              <Icon name={icon} />
              <span>{w[word]}</span>
            </Link>
          ))}
          <a href="/docs" title={w.docs}>
            <Icon name="book" />
            <span>{w.docs}</span>
          </a>
        </nav>
        <div className="row top-end">
          <LanguageSwitch />
          <ThemeSwitch />
          <Account />
        </div>
      </header>
      <ConnectionNotice />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function LanguageSwitch() {
  const w = useWords(words);
  const { language, choose } = useLanguage();
  return (
    <Segments
      label={w.language}
      value={language}
      onChange={choose}
      options={[
        {
          value: 'en',
          label: (
            <span lang="en" title={languages.en}>
              EN
            </span>
          ),
        },
        {
          value: 'th',
          label: (
            <span lang="th" title={languages.th}>
              ไทย
            </span>
          ),
        },
      ]}
    />
  );
}

const themes = ['auto', 'light', 'dark'] as const;
const themeIcons = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function ThemeSwitch() {
  const w = useWords(words);
  const [theme, setTheme] = useState(() => themes.find((name) => name === recall('okapi.theme')) ?? 'auto');
  const turn = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    remember('okapi.theme', next === 'auto' ? null : next);
    if (next === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    setTheme(next);
  };
  return <IconButton icon={themeIcons[theme]} label={w.theme(w.themes[theme])} onClick={turn} />;
}

function Account() {
  const w = useWords(words);
  const { data } = useSession();
  if (data === undefined || data.expires_at === null) return null;
  return (
    <Button
      look="quiet"
      icon="out"
      title={w.signOut}
      onClick={async () => {
        await api.endSession();
        window.location.assign('/ui/projects');
      }}
    >
      {data.name}
    </Button>
  );
}

function ConnectionNotice() {
  const w = useWords(words);
  const format = useFormat();
  const state = useConnection();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (state.kind !== 'busy') return;
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [state.kind]);
  if (state.kind === 'fine') return null;
  return (
    <div className="connection">
      {state.kind === 'away' && <Notice tone="warn">{w.away}</Notice>}
      {state.kind === 'busy' && (
        <Notice tone="warn">{w.busy(format.duration(Math.max(1, (state.untilMs - nowMs) / 1000)))}</Notice>
      )}
      {state.kind === 'signed-out' && (
        <Notice
          tone="warn"
          action={
            <Button small onClick={() => connection.back()}>
              {w.signIn}
            </Button>
          }
        >
          {w.signedOut}
        </Notice>
      )}
    </div>
  );
}
