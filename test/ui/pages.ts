// What tests of the pages share: the pages as they are built, a server of their own with its data, a browser.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type OkapiClient, okapiClient } from '../../src/client/client.ts';
import { type RunningServer, startServer } from '../../src/server/app.ts';
import type { ConfigOverrides } from '../../src/server/platform/config-load.ts';
import { type Misdeeds, openBrowser, watchPage } from '../browser.ts';

export interface PagesUnderTest {
  readonly server: RunningServer;
  readonly browser: Browser;
  readonly client: OkapiClient;
  /** Where the server has its `data`. */
  readonly folder: string;
  /** A page in a browser context of its own. */
  open(path: string, options?: OpenOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Default 1440 x 900. */
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'th';
  /** With touch instead of a mouse. */
  readonly touch?: boolean;
}

export interface OpenPage {
  readonly page: Page;
  /** What it did that our pages must never do. */
  readonly misdeeds: Misdeeds;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Builds the pages when they are older than their sources; starts a server with an empty data folder. */
export async function pagesUnderTest(
  overrides: ConfigOverrides = {},
  /** Of Chromium. */
  switches: readonly string[] = [],
): Promise<PagesUnderTest> {
  execFileSync(process.execPath, [join(root, 'scripts/ensure-pages.mjs')], { stdio: 'inherit' });
  const folder = await mkdtemp(join(tmpdir(), 'okapi-pages-'));
  const quiet = { server: { port: 0 }, log: { level: 'silent' } };
  const server = await startServer({
    folder,
    env: {},
    overrides: { ...quiet, ...overrides } as ConfigOverrides,
  });
  const browser = await openBrowser(switches);
  return {
    server,
    browser,
    client: okapiClient({ baseUrl: server.url }),
    folder,
    async open(path, { width = 1440, height = 900, theme = 'light', language = 'en', touch = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        locale: language === 'th' ? 'th-TH' : 'en-GB',
        hasTouch: touch,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      const misdeeds = await watchPage(page, server.url);
      await page.goto(`${server.url}${path}`);
      return { page, misdeeds };
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
