// Markup that escapes whatever is put into it, so that no file name can become part of a page.

/** Markup that is safe as it is: made by `html`, or fixed text of this project such as its style sheet. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

export type HtmlPart = string | number | Html | null | readonly HtmlPart[];

/** Build markup: strings and numbers are escaped, `Html` goes in as it is, lists are joined, null leaves nothing. */
export function html(literals: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  return new Html(
    literals.map((literal, i) => literal + (i < parts.length ? render(parts[i]!) : '')).join(''),
  );
}

function render(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.markup;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}
