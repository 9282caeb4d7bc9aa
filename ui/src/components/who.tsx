// Who did something: the name of a key, or "this computer" where no key is in force.
import { defineWords, useWords } from '../text/language.tsx';

const words = defineWords({ en: { local: 'this computer' }, th: { local: 'เครื่องนี้' } });

export function Who({ name }: { readonly name: string }) {
  const { local } = useWords(words);
  return name === 'local' ? local : name;
}
