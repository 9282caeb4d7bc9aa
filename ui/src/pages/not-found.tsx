// An address that leads nowhere.
import { addresses } from '../addresses.ts';
import { LinkButton } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { defineWords, useWords } from '../text/language.tsx';

const words = defineWords({
  en: { title: 'There is no such page', back: 'All projects' },
  th: { title: 'ไม่มีหน้านี้', back: 'โครงการทั้งหมด' },
});

export function NotFound() {
  const w = useWords(words);
  return (
    <Empty
      icon="search"
      title={w.title}
      action={
        <LinkButton to={addresses.projects} look="primary">
          {w.back}
        </LinkButton>
      }
    />
  );
}
