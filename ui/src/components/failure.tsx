// What went wrong, in the server's own words, and a way on.
import { ApiError } from '../server/client.ts';
import { isPassing } from '../server/queries.ts';
import { defineWords, useWords } from '../text/language.tsx';
import { useSaid } from '../text/said.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

const words = defineWords({
  en: {
    again: 'Try again',
    away: 'The server does not answer. This page goes on by itself once it does.',
    missing: 'This is not here, or no longer.',
    request: (id: string) => `Request ${id}`,
  },
  th: {
    again: 'ลองอีกครั้ง',
    away: 'เซิร์ฟเวอร์ไม่ตอบ หน้านี้จะทำงานต่อเองเมื่อเซิร์ฟเวอร์กลับมา',
    missing: 'ไม่พบสิ่งนี้ หรือถูกลบไปแล้ว',
    request: (id: string) => `คำขอ ${id}`,
  },
});

export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const w = useWords(words);
  const said = useSaid();
  const known = error instanceof ApiError ? error : null;
  const text = error instanceof TypeError && isPassing(error) ? w.away : said(error);
  return (
    <Notice
      tone={known?.status === 404 ? 'warn' : 'ng'}
      action={
        onRetry && (
          <Button icon="retry" small onClick={onRetry}>
            {w.again}
          </Button>
        )
      }
    >
      {known?.status === 404 && <strong>{w.missing} </strong>}
      {text}
      {known !== null && known.status >= 500 && known.requestId !== null && (
        <small className="quiet"> {w.request(known.requestId)}</small>
      )}
      {known !== null && known.errors.length > 1 && (
        <ul>
          {known.errors.map(({ path, detail }) => (
            <li key={path}>{detail}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
