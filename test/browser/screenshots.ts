import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import * as z from 'zod';
import { executable, signIn } from './installed-chromium.ts';

// Not a test. `npm run console:screenshots` takes pictures of seven screens for docs/console.md, light and dark, from the
// running local stack (`npm start`).

const Ready = z.object({ url: z.string(), apiKey: z.string(), adminKey: z.string() });
const folder = process.argv[2] ?? '.local';
const { url, apiKey, adminKey } = Ready.parse(
  JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')),
);
if (executable === undefined) throw new Error('There is no Chromium (apt-get install chromium).');

const allLoaded =
  '[...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0)';
const out = 'docs/console';
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
for (const colorScheme of ['light', 'dark'] as const) {
  const open = async (key: string): Promise<Page> => {
    const context = await browser.newContext({
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 800 },
    });
    context.setDefaultTimeout(100_000);
    const page = await context.newPage();
    await page.goto(url);
    await signIn(page, key);
    return page;
  };
  const show = async (page: Page, name: string) => {
    await page.waitForLoadState('networkidle');
    // `waitForFunction` evaluates a text in the page, which its policy forbids.
    while (!(await page.evaluate<boolean>(allLoaded))) await page.waitForTimeout(100);
    const picture = await page.screenshot();
    await sharp(picture)
      .webp({ quality: 82 })
      .toFile(join(out, `${name}-${colorScheme}.webp`));
  };

  const page = await open(apiKey);
  await page.getByLabel('Picture: a file', { exact: true }).setInputFiles('cli/sample.jpg');
  await page.getByLabel('What to do with it').fill('Replace the background with a starry sky');
  await page.locator('select[name=n]').selectOption('2');
  await show(page, 'create');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('button', { name: 'Download all' }).waitFor();
  await show(page, 'result');
  await page.getByRole('link', { name: 'Details' }).click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await show(page, 'task');
  await page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click();
  await page.getByRole('table').waitFor();
  // Thumbnails come some seconds after their pictures.
  while ((await page.locator('.thumbnail svg').count()) > 0) await page.waitForTimeout(100);
  await show(page, 'tasks');
  await page.getByRole('navigation').getByRole('link', { name: 'Usage' }).click();
  await page.locator('.chart').waitFor();
  await show(page, 'usage');

  const operator = await open(adminKey);
  await operator.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
  await operator.getByRole('table').waitFor();
  await show(operator, 'keys');
  await operator.getByRole('navigation').getByRole('link', { name: 'Operator' }).click();
  await operator.getByRole('heading', { name: 'Alarms' }).waitFor();
  await show(operator, 'overview');
}
await browser.close();
