import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { openThumbnailStack } from '../flow/thumbnail-stack.ts';
import { browserForTests, hasChromium, overflow, violations } from './chromium.ts';

describe.skipIf(!hasChromium)('thumbnails in the list of tasks', () => {
  const open = browserForTests();
  let stack: TestStack;
  let pictures: Receiver;
  beforeAll(async () => {
    stack = await openThumbnailStack();
    pictures = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  }, 120_000);
  afterAll(async () => {
    await pictures?.close();
    await stack?.close();
  });

  const create = async (prompt: string, more: object = {}) => {
    const image_urls = [`${pictures.url}/sample.jpg`];
    const { body } = await stack.create({ prompt, image_urls, ...more });
    return stack.endedTask(body.id);
  };
  const openList = (query = '', options = {}) =>
    open({ url: `${stack.url}/console/tasks${query}`, key: stack.keys.apiKey, ...options });

  test('the input and the image of a task are shown in the table and in the grid, in boxes of a fixed size', async () => {
    await create('Two pictures');
    const page = await open({ url: `${stack.url}/console/usage`, key: stack.keys.apiKey });
    // The thumbnails are loaded only after the empty boxes have been measured.
    const { promise: measured, resolve: release } = Promise.withResolvers<void>();
    await page.route('**/thumbs/**', async (route) => {
      await measured;
      await route.continue();
    });
    await page.goto(`${stack.url}/console/tasks`);
    const row = page.getByRole('row').filter({ hasText: 'Two pictures' });
    const boxes = async () => [
      await row.boundingBox(),
      ...(await row
        .locator('.thumbnail')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()))),
    ];
    const image = (name: string) => row.getByRole('img', { name, exact: true });
    await image('Input').waitFor({ state: 'attached' });
    await image('Image').waitFor({ state: 'attached' });
    const empty = await boxes();
    expect(empty.slice(1).map(({ width }) => width)).toEqual([48, 48]);

    release();
    for (const name of ['Input', 'Image']) {
      await expect
        .poll(() => image(name).evaluate((shown: { naturalWidth?: number }) => shown.naturalWidth))
        .toBeGreaterThan(0);
    }
    expect(await boxes()).toEqual(empty);

    await page.getByRole('button', { name: 'Grid' }).click();

    const card = page.locator('.task-grid > li').filter({ hasText: 'Two pictures' });
    const onCard = card.getByRole('img', { name: 'Image', exact: true });
    await onCard.waitFor();
    expect(await onCard.getAttribute('loading')).toBe('lazy');
    expect(await violations(page)).toEqual([]);
  });

  test('a thumbnail that is gone and an image that was not made have placeholders that say why', async () => {
    await create('A picture that is not there', { image_urls: [`${pictures.url}/nothing.jpg`] });
    const page = await openList('?view=grid&status=failed');

    await page.getByRole('img', { name: 'Image: not made', exact: true }).waitFor();
    await page.getByRole('img', { name: 'Input: no thumbnail' }).waitFor();
    expect(await violations(page)).toEqual([]);

    await create('Its thumbnails cannot be loaded');
    await page.route('**/thumbs/**', (route) => route.fulfill({ status: 403 }));
    await page.goto(`${stack.url}/console/tasks?view=grid&status=completed&text=cannot`);

    await page.getByRole('img', { name: 'Image: no thumbnail' }).waitFor();
  });

  test.each([360, 3840])('a window of %i pixels is not too narrow for them', async (width) => {
    await create('A picture in a window');
    const page = await openList('', { viewport: { width, height: 800 } });
    await page.getByRole('img', { name: 'Image', exact: true }).first().waitFor();
    expect(await overflow(page)).toBe(0);

    await page.getByRole('button', { name: 'Grid' }).click();
    await page.locator('.task-grid').waitFor();

    expect(await overflow(page)).toBe(0);
  });
});
