// The system page: what a person reads there, the first key, and the DINOv3 file.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserRunsHere } from '../browser.ts';
import { accessibilityFaults } from './accessible.ts';
import { type PagesUnderTest, pagesUnderTest } from './pages.ts';

describe.skipIf(!browserRunsHere)('the system page', () => {
  let pages: PagesUnderTest;
  beforeAll(async () => {
    pages = await pagesUnderTest();
  });
  afterAll(() => pages?.close());

  it('shows the machine, the devices, the encoder in use and the limits', async () => {
    const { page, misdeeds } = await pages.open('/ui/system');
    await page.getByText(process.versions.node).waitFor();
    const devices = page.getByRole('region', { name: 'Devices' });
    await devices.getByRole('row', { name: /cpu/ }).getByText('works').waitFor();
    const encoders = page.getByRole('region', { name: 'Encoders' });
    await encoders.getByText('new models use it').waitFor();
    await page.getByText('200').first().waitFor();
    expect(misdeeds).toEqual({ policyViolations: [], errors: [], outside: [] });
  });

  it('says what is wrong with a file that is not DINOv3', async () => {
    const { page } = await pages.open('/ui/system');
    const encoders = page.getByRole('region', { name: 'Encoders' });
    await encoders.getByLabel(/Weights file/).setInputFiles({
      name: 'holiday <b>.pth',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('no weights'),
    });
    await encoders.getByRole('button', { name: 'Upload weights' }).click();
    await encoders.getByRole('alert').getByText('holiday <b>.pth').waitFor();
  });

  it.each([
    ['light', 1440],
    ['dark', 360],
  ] as const)(
    'has nothing that axe-core finds, and no sideways scrolling, in %s at %i px',
    async (theme, width) => {
      const { page } = await pages.open('/ui/system', { theme, width });
      await page.getByText(process.versions.node).waitFor();
      await page.getByRole('region', { name: 'Devices' }).getByText('works').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    },
  );

  // The last, since the server asks everybody for a key from then on.
  it('makes the first key, stays signed in with it, and others must sign in', async () => {
    const { page, misdeeds } = await pages.open('/ui/system');
    await page.getByText('No key is needed').waitFor();
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('boss');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = await page.locator('.system-key').textContent();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('cell', { name: 'boss', exact: true }).waitFor();
    await page.getByText('Every request needs a key').waitFor();

    const other = await pages.open('/ui/system');
    await other.page.getByLabel('API key').fill('okapi_wrong');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByText('This key is not valid').waitFor();
    expect(await accessibilityFaults(other.page)).toEqual([]);
    await other.page.getByLabel('API key').fill(key!);
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('cell', { name: 'boss', exact: true }).waitFor();
    expect(misdeeds.policyViolations).toEqual([]);
  });
});
