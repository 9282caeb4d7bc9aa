// A chart of the report as an SVG file of its own, that looks the same with and without fonts.
import { WIDTH } from './charts.ts';
import type { Html } from './html.ts';
import { letter } from './lettering.ts';
import { reportStyle } from './report-style.ts';

/** Margin around the chart, in its units. */
const MARGIN = 14;

/**
 * The chart with its colours written out (those of the light report), on white, and its words as pen strokes: whoever
 * draws the SVG needs neither the report's style sheet nor a font. Letters without strokes become question marks, so give
 * the chart names by `writableName`.
 */
export function standaloneChart({ markup }: Html): string {
  const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(markup)?.[1]);
  const [width, tall] = [WIDTH + 2 * MARGIN, height + 2 * MARGIN];
  const inner = markup
    .replace(/^<svg class="chart"[^>]*>/, '')
    .replace(/<\/svg>$/, '')
    .replace(/<title>[^<]*<\/title>/g, '')
    .replace(/<text ([^>]*)>([^<]*)<\/text>/g, (_, attributes: string, words: string) =>
      strokes(attributes, words),
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="${width}" height="${tall}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${tall}"><style>${lightStyle()}</style><rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${tall}" fill="#fff"/>${inner}</svg>\n`;
}

/** Letters of the class's size; the text stands on y, before, around or after x. */
function strokes(attributes: string, words: string): string {
  const value = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
  const kind = value('class') ?? '';
  const text = letter(unescaped(words), 8.6);
  const anchor = { start: 0, middle: 0.5, end: 1 }[value('text-anchor') ?? 'start'] ?? 0;
  const [left, top] = [Number(value('x')) - anchor * text.width, Number(value('y')) - text.height];
  const path = text.strokes
    .map((s) => `M${s.map(([u, v]) => `${(left + u).toFixed(2)} ${(top + v).toFixed(2)}`).join('L')}`)
    .join('');
  const turned = value('transform');
  return `<path class="words ${kind}"${turned === undefined ? '' : ` transform="${turned}"`} d="${path}"/>`;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function unescaped(words: string): string {
  return words.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}

/** The rules of the report that charts use, with the light colours in place of their variables; ink strokes for words. */
function lightStyle(): string {
  const colours = new Map<string, string>();
  for (const [, name, colour] of (/:root \{[^}]*\}/.exec(reportStyle)?.[0] ?? '').matchAll(
    /(--[\w-]+): ([^;]+);/g,
  ))
    colours.set(name!, colour!);
  const rules = [
    ...reportStyle
      .slice(0, reportStyle.indexOf('@media (max-width'))
      .matchAll(/(?<=^|\} )(\.(?:chart|line|good|defective|unknown)\b[^{}]*)\{([^}]*)\}/gm),
  ].map(([, selector, body]) => `${selector}{${body}}`);
  return [...rules, ...wordRules(rules)]
    .join('\n')
    .replace(/var\((--[\w-]+)\)/g, (_, name: string) => colours.get(name) ?? '#000');
}

/** A word is a line: its fill becomes its stroke. */
function wordRules(rules: readonly string[]): string[] {
  const inks = rules.flatMap((rule) => {
    const found = /^\.chart \.([\w-]+) *\{.*fill: (var\([^)]*\)).*font-size/.exec(rule);
    return found === null ? [] : [`.chart .words.${found[1]}{stroke:${found[2]};}`];
  });
  return ['.chart .words{fill:none;stroke-width:1.15;stroke-linecap:round;stroke-linejoin:round;}', ...inks];
}
