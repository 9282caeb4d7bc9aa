// The page at /docs: the OpenAPI document in Swagger UI, whose files come from the installed package. Works offline.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ServerError } from '../contract/errors.ts';

// Relative addresses, so that the page also works below the path of a proxy.
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Okapi API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="document"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/open.js"></script>
</body>
</html>
`;

const openScript = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#document',
  deepLinking: true,
  validatorUrl: null,
});
`;

const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

interface DocsFile {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Throws blob.not_found. */
export async function docsFile(name: string): Promise<DocsFile> {
  if (name === 'open.js')
    return { contentType: 'text/javascript; charset=utf-8', bytes: Buffer.from(openScript) };
  if (!Object.hasOwn(assets, name))
    throw new ServerError('blob.not_found', 'the page has no file of this name');
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')),
    'static',
  );
  return { contentType: assets[name]!, bytes: await readFile(join(folder, name)) };
}
