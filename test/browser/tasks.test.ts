import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../local/aws/listen.ts';
import type { Body, TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium } from './chromium.ts';

/** A receiver that refuses callbacks for good (with a 410) until the test switches it on. */
async function switchableReceiver() {
  const state = { works: false };
  const server = createServer((_, response) => {
    response.writeHead(state.works ? 200 : 410).end('out of order');
  });
  return Object.assign(state, await listen(server, 0));
}

describe.skipIf(!hasChromium)('among the tasks', () => {
  const open = browserForTests();
  let stack: TestStack;
  let pictures: Receiver;
  beforeAll(async () => {
    stack = await startStack();
    pictures = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  });
  afterAll(async () => {
    await pictures?.close();
    await stack?.close();
  });

  const create = async (body: object): Promise<Body> => {
    const { body: created } = await stack.create({
      prompt: 'Make it snow',
      image_urls: [`${pictures.url}/sample.jpg`],
      ...body,
    });
    return stack.endedTask(created.id);
  };

  test('hostile texts are shown as plain text, and their hidden characters are visible', async () => {
    const markup = '<img src=x onerror="document.title=\'hacked\'"><script>alert(1)</script>';
    const begin = `\u202Eevil\u202C ${markup} `;
    // As many characters as a prompt may have: 8 kB.
    const prompt = `${begin}${'🏞'.repeat(2000 - begin.length)}`;
    const task = await create({ prompt, metadata: { [markup.slice(0, 60)]: markup } });
    const page = await open({ url: `${stack.url}/console/tasks`, key: stack.keys.apiKey });

    const row = page.getByRole('link', { name: /<img src=x/ });
    await row.waitFor();
    expect(await row.textContent()).toContain('U+202E');
    let requestId: string | undefined;
    page.on('response', (response) => {
      if (response.url() === `${stack.url}/v1/tasks/${task.id}`) {
        requestId = response.headers()['x-request-id'];
      }
    });
    await row.click();
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();

    expect(await page.locator('.facts').last().textContent()).toContain(markup);
    const titles = [await page.title(), await page.locator('h1').getAttribute('title')];
    for (const title of titles) expect(title).toMatch(/U\+202EevilU\+202C <img src=x/);
    expect(titles.join('')).not.toMatch(/[\u202C\u202E]/);
    await page.getByText('JSON', { exact: true }).click();
    await expect.poll(() => page.locator('details .caption code').textContent()).toBe(requestId);
    await page.getByRole('button', { name: 'Copy request id' }).waitFor();
    expect(await page.locator('img[src=x], script:not([src])').count()).toBe(0);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBe(
      0,
    );
    expect(page.url()).toBe(`${stack.url}/console/tasks/${task.id}`);
  });

  test('a filter is in the address, and its list is the same after a reload', async () => {
    await create({ prompt: 'One that is completed' });
    const page = await open({ url: `${stack.url}/console/tasks`, key: stack.keys.apiKey });
    await page.getByRole('link', { name: 'One that is completed' }).waitFor();

    await page.getByRole('button', { name: 'Cancelled' }).click();
    await page.getByRole('heading', { name: 'No such tasks' }).waitFor();
    expect(page.url()).toBe(`${stack.url}/console/tasks?status=cancelled`);

    await page.reload();
    await page.getByRole('heading', { name: 'No such tasks' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'One that is completed' }).waitFor();
    await page.goto(`${stack.url}/console/tasks?status=nonsense&period=ever`);
    await page.getByRole('link', { name: 'One that is completed' }).waitFor();
  });

  test('a callback that was given up shows what the receiver answered, and is delivered again', async () => {
    const receiver = await switchableReceiver();
    try {
      const task = await create({ callback_url: `${receiver.url}/hook` });
      const page = await open({
        url: `${stack.url}/console/tasks/${task.id}`,
        key: stack.keys.apiKey,
      });
      await page.getByRole('heading', { name: 'Callback' }).waitFor();
      await page.getByText('Given up: the receiver did not accept it').waitFor();
      expect(await page.locator('table').innerText()).toMatch(/410[\s\S]*out of order[\s\S]* ms/);

      receiver.works = true;
      await page.getByRole('button', { name: 'Deliver again' }).click();

      await page.getByText('Delivered', { exact: true }).waitFor();
    } finally {
      await receiver.close();
    }
  });

  test('a task is deleted after a question, and Escape is a no', async () => {
    const task = await create({ prompt: 'One to delete' });
    const page = await open({
      url: `${stack.url}/console/tasks/${task.id}`,
      key: stack.keys.apiKey,
    });
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await stack.call('GET', `/v1/tasks/${task.id}`)).status).toBe(200);

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${stack.url}/console/tasks`);

    expect((await stack.call('GET', `/v1/tasks/${task.id}`)).status).toBe(404);
  });

  test('the page of a task that does not exist says so', async () => {
    const page = await open({
      url: `${stack.url}/console/tasks/task-unified-1772443800-imcg5zqt`,
      key: stack.keys.apiKey,
    });

    await page.getByRole('heading', { name: 'There is no such task' }).waitFor();
  });
});
