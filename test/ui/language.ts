// Whether a page speaks Thai throughout: words of English that are left in it.
import type { Page } from 'playwright-core';

/** Names, units and signs that are the same in every language. */
const same =
  /\b(?:Okapi|API|OK|NG|JPEG|PNG|WebP|BMP|TIFF|JSON|CSV|ZIP|ONNX|URL|IoU|SHA-256|px|npy|kB|MB|ms|Auto|Subspace)\b/gi;

/** Of words with three letters or more, but for code and numbers of things; `own` are names and sentences that the test knows. */
export async function englishLeft(page: Page, own: readonly string[]): Promise<string[]> {
  const texts = await page.evaluate<string[]>(`(() => {
    const main = document.querySelector('dialog[open]') ?? document.querySelector('main');
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode())
      if (walker.currentNode.parentElement.closest('pre, code, .mono') === null) texts.push(walker.currentNode.data);
    return texts;
  })()`);
  const without = own.reduce((left, name) => left.replaceAll(name, ' '), texts.join('\n'));
  return [...new Set(without.replaceAll(same, ' ').match(/[A-Za-z][A-Za-z’'-]{2,}/g) ?? [])];
}
