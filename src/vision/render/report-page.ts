// The frame of every report: one HTML file without scripts, with nothing from outside.
import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';
import { reportStyle } from './report-style.ts';

export interface PageHead {
  readonly title: string;
  /** ISO 8601; shown in UTC. */
  readonly createdAt: string;
}

/** The whole page as text. Its content security policy allows nothing but pictures inside it and its one style sheet. */
export function reportPage({ title, createdAt }: PageHead, body: Html, footer: string): string {
  const hash = createHash('sha256').update(reportStyle).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(reportStyle)}</style>
</head>
<body>
<main>
<header>
<svg class="mark" viewBox="0 0 44 44" aria-hidden="true"><circle class="ring" cx="22" cy="22" r="19"/><path class="tick-mark" fill="none" d="M13.5 22.5l6 6 11.5-12.5"/></svg>
<div><h1>${title}</h1><p class="quiet">${timeOf(createdAt)}</p></div>
</header>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>`;
  return `<!doctype html>\n${page}\n`;
}

export function timeOf(createdAt: string): string {
  const time = new Date(createdAt);
  if (Number.isNaN(time.getTime())) throw new Error(`internal: ${createdAt} is no time`);
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
