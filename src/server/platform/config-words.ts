// Splits a command line into its words as a shell does, without running anything of it.

/**
 * Words are parted by white space; '...' and "..." keep it. A backslash stands for the white space, quote or backslash
 * after it, and for itself otherwise (and inside '...'). Returns null when a quote is not closed.
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    const next = line[i + 1];
    if (char === '\\' && quote !== "'" && next !== undefined && /[\s'"\\]/.test(next)) {
      word = (word ?? '') + next;
      i++;
    } else if (char === quote) quote = null;
    else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return quote === null ? words : null;
}
