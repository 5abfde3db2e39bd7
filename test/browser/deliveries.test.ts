import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../local/aws/listen.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, overflow, violations } from './chromium.ts';

const markup = '<img src=x onerror="document.title=\'hacked\'">';

/** A receiver that refuses callbacks for good (with a 410) until the test switches it on. */
async function switchableReceiver() {
  const state = { works: false };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.writeHead(state.works ? 200 : 410).end(`${markup} ${'w'.repeat(400)}`);
  });
  return Object.assign(state, await listen(server, 0));
}

describe.skipIf(!hasChromium)('the list of deliveries', () => {
  const open = browserForTests();
  let stack: TestStack;
  let pictures: Receiver;
  let receiver: Awaited<ReturnType<typeof switchableReceiver>>;
  beforeAll(async () => {
    stack = await startStack();
    pictures = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
    receiver = await switchableReceiver();
  });
  afterAll(async () => {
    await receiver?.close();
    await pictures?.close();
    await stack?.close();
  });

  const withCallback = async (): Promise<string> => {
    const { body } = await stack.create({
      prompt: 'Make it snow',
      image_urls: [`${pictures.url}/sample.jpg`],
      callback_url: `${receiver.url}/hook?secret=4711`,
    });
    await stack.endedTask(body.id);
    return body.id;
  };

  test('shows what the receiver answered as text, leads to the task, and delivers again', async () => {
    receiver.works = false;
    const id = await withCallback();
    const page = await open({ url: `${stack.url}/console/webhooks`, key: stack.keys.apiKey });
    const row = page.getByRole('row').filter({ hasText: id });
    await row.getByText('Given up').waitFor();

    const text = await row.innerText();
    expect(text).toContain('410');
    expect(text).toContain(markup);
    expect(text).not.toContain('4711');
    expect(await page.locator('img[src=x]').count()).toBe(0);

    receiver.works = true;
    await row.getByRole('button', { name: 'Deliver again' }).click();
    await row.getByText('Delivered', { exact: true }).waitFor();

    await row.getByRole('link').click();
    await page.waitForURL(`${stack.url}/console/tasks/${id}`);
  });

  test('is filtered by the status in its address, and says when it is empty', async () => {
    receiver.works = true;
    const id = await withCallback();
    const page = await open({
      url: `${stack.url}/console/webhooks?status=delivered`,
      key: stack.keys.apiKey,
    });
    await page.getByRole('row').filter({ hasText: id }).waitFor();

    await page.getByRole('button', { name: 'Not sent yet' }).click();

    await page.getByText('There is none.').waitFor();
    expect(page.url()).toBe(`${stack.url}/console/webhooks?status=pending`);
    await page.goBack();
    await page.getByRole('row').filter({ hasText: id }).waitFor();
  });

  test('a delivery that is refused says why, in its row', async () => {
    receiver.works = true;
    const id = await withCallback();
    const page = await open({ url: `${stack.url}/console/webhooks`, key: stack.keys.apiKey });
    await page.route(`**/v1/tasks/${id}/callback`, (route) =>
      route.fulfill({ status: 409, json: { error: { code: 'task_running', message: markup } } }),
    );
    const row = page.getByRole('row').filter({ hasText: id });
    await row.getByText('Delivered', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Deliver again' }).click();

    await row.getByRole('alert').getByText(markup).waitFor();
  });

  test.each([
    ['light', 1440],
    ['dark', 360],
  ] as const)(
    'is without a violation of axe and no wider than its window: %s, %d pixels',
    async (colorScheme, width) => {
      receiver.works = false;
      const id = await withCallback();
      const page = await open({
        url: `${stack.url}/console/webhooks`,
        key: stack.keys.apiKey,
        colorScheme,
        viewport: { width, height: 800 },
      });
      await page.getByRole('row').filter({ hasText: id }).getByText('Given up').waitFor();

      expect([...(await violations(page)), await overflow(page)]).toEqual([0]);
    },
  );
});
