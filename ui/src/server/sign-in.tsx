// Asks for an API key where the server wants one, and shows nothing else until then.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Button } from '../components/button.tsx';
import { Field } from '../components/field.tsx';
import { Loading } from '../components/loading.tsx';
import { Notice } from '../components/notice.tsx';
import { defineWords, useWords } from '../text/language.tsx';
import { useSaid } from '../text/said.ts';
import { ApiError, api } from './client.ts';
import { connection, useConnection } from './connection.ts';

const words = defineWords({
  en: {
    title: 'Sign in',
    key: 'API key',
    hint: 'Whoever runs this server makes keys with “okapi keys add”.',
    wrong: 'This key is not valid, or no longer.',
    signIn: 'Sign in',
    away: 'The server does not answer. This page goes on by itself once it does.',
  },
  th: {
    title: 'เข้าสู่ระบบ',
    key: 'คีย์ API',
    hint: 'ผู้ดูแลเซิร์ฟเวอร์สร้างคีย์ได้ด้วยคำสั่ง “okapi keys add”',
    wrong: 'คีย์นี้ไม่ถูกต้องหรือหมดอายุแล้ว',
    signIn: 'เข้าสู่ระบบ',
    away: 'เซิร์ฟเวอร์ไม่ตอบ หน้านี้จะทำงานต่อเองเมื่อเซิร์ฟเวอร์กลับมา',
  },
});

/** Who is signed in, for pages that show less to some. */
export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: 60_000 });
}

export function SignInGate({ children }: { readonly children: ReactNode }) {
  const session = useSession();
  const { kind } = useConnection();
  const w = useWords(words);
  const isRefused = session.error instanceof ApiError && session.error.status === 401;
  if (isRefused || (kind === 'signed-out' && session.data?.expires_at != null)) return <SignIn />;
  if (session.isPending || session.data === undefined)
    return kind === 'away' ? <Notice tone="warn">{w.away}</Notice> : <Loading />;
  return children;
}

function SignIn() {
  const w = useWords(words);
  const said = useSaid();
  const [key, setKey] = useState('');
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => api.startSession({ body: { key: key.trim() } }),
    onSuccess(session) {
      client.setQueryData(['session'], session);
      connection.back();
    },
  });
  return (
    <main className="sign-in">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <img src="/ui/assets/okapi.svg" alt="" width="40" height="40" />
        <h1>{w.title}</h1>
        <Field
          label={w.key}
          hint={w.hint}
          error={
            signIn.error instanceof ApiError && signIn.error.status === 401
              ? w.wrong
              : signIn.error && said(signIn.error)
          }
        >
          <input
            type="password"
            autoComplete="current-password"
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        <Button type="submit" look="primary" busy={signIn.isPending}>
          {w.signIn}
        </Button>
      </form>
    </main>
  );
}
