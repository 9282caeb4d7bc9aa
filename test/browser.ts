// A headless Chromium for tests of pages. It comes with the installed packages, so nothing is fetched.
import { statfsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import packed from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Whether this machine can run the binary; it is for Linux on x64. */
export const browserRunsHere = process.platform === 'linux' && process.arch === 'x64';

/** `further` are switches of Chromium, such as a film for the camera. */
export async function openBrowser(further: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: join(await unpacked(), 'chromium'),
    // As root there is no sandbox; what the pages show is ours. A camera that shows a moving pattern, and that every page may use.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      ...further,
    ],
    // Memory that its processes share would lie in files under /tmp, and threads would wait for the disk.
    ...(hasSharedMemory() && { ignoreDefaultArgs: ['--disable-dev-shm-usage'] }),
  });
}

/** In a container it may be as small as 64 MiB. */
function hasSharedMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize >= 2 ** 30;
  } catch {
    return false;
  }
}

/** What a page did that ours must never do. All three stay empty. */
export interface Misdeeds {
  readonly policyViolations: string[];
  readonly errors: string[];
  /** Addresses of other origins that it asked for. */
  readonly outside: string[];
}

/** To be called before the page is opened. */
export async function watchPage(page: Page, origin: string): Promise<Misdeeds> {
  const seen: Misdeeds = { policyViolations: [], errors: [], outside: [] };
  await page.exposeFunction('tellViolation', (text: string) => seen.policyViolations.push(text));
  await page.addInitScript(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is filled in within the page
    'document.addEventListener("securitypolicyviolation", (e) => tellViolation(`${e.violatedDirective} ${e.blockedURI}`))',
  );
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) seen.outside.push(url);
  });
  return seen;
}

/** The folder with the program, made once beside the installed packages. */
async function unpacked(): Promise<string> {
  let home = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  while (basename(home) !== 'chromium') home = dirname(home);
  const { version } = createRequire(import.meta.url)(join(home, 'package.json')) as { version: string };
  const cache = join(home, '../../.cache');
  const folder = join(cache, `okapi-chromium-${version}`);
  if ((await stat(folder).catch(() => null)) !== null) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  await unpackInto(fresh);
  await chmod(join(fresh, 'chromium'), 0o755);
  // Another test may have been quicker; a folder that is there is complete.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  return folder;
}

/** The package unpacks to the temporary folder, wherever that is, and takes what lies there for whole. */
async function unpackInto(folder: string): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    if (tmpdir() !== folder) throw new Error('internal: the temporary folder cannot be chosen');
    await packed.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
