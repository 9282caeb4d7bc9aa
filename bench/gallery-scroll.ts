// How smoothly a gallery of ten thousand pictures scrolls, by Chromium's own trace: `npx tsx bench/gallery-scroll.ts`.
import { framesDuring, scrollBy } from '../test/ui/frames.ts';
import { projectOfMany } from '../test/ui/many-pictures.ts';
import { pagesUnderTest } from '../test/ui/pages.ts';

const [count, rounds] = [10_000, 3];

const pages = await pagesUnderTest();
try {
  const id = await projectOfMany(pages, count);
  const { page } = await pages.open(`/ui/projects/${id}/pictures`);
  await page.getByText('10,000').first().waitFor({ timeout: 120_000 });
  await page.locator('.tile img').first().waitFor();
  for (let round = 1; round <= rounds; round++) {
    const { intervalsMs, taskMs, taskCpuMs } = await framesDuring(pages.browser, page, async () => {
      await scrollBy(page, 15_000, 4000);
      await scrollBy(page, -15_000, 4000);
    });
    const ms = (x = 0) => `${x.toFixed(1)} ms`;
    const middle = intervalsMs[Math.floor(intervalsMs.length / 2)];
    console.log(
      `round ${round}: ${intervalsMs.length + 1} frames, ${ms(middle)} apart in the middle, longest ${ms(intervalsMs[0])}, ` +
        `over 50 ms ${intervalsMs.filter((x) => x > 50).length}; longest task ${ms(taskMs[0])}, of the processor ${ms(taskCpuMs[0])}`,
    );
  }
} finally {
  await pages.close();
}
