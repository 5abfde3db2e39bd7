import { readFileSync } from 'node:fs';
import type { Page, Route } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, dropFile, hasChromium, violations } from './chromium.ts';
import { signIn } from './installed-chromium.ts';

const prompt = 'A prompt that took a while to write';
const creates = '**/v1/images/generations';

describe.skipIf(!hasChromium)('when something goes wrong', () => {
  const open = browserForTests();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.close();
  });

  /** A form that is ready to be sent. */
  async function filledForm(): Promise<Page> {
    const page = await open({ url: stack.url, key: stack.keys.apiKey });
    const bytes = readFileSync('cli/sample.jpg');
    await dropFile(page, '.slot >> nth=0', { name: 'photo.jpg', type: 'image/jpeg', bytes });
    await page.getByAltText('Chosen: photo.jpg').waitFor();
    await page.getByLabel('What to do with it').fill(prompt);
    return page;
  }
  const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true }).click();
  const completed = (page: Page) =>
    page.locator('.result-head .status', { hasText: 'completed' }).waitFor();
  const kept = async (page: Page) => {
    expect(await page.getByLabel('What to do with it').inputValue()).toBe(prompt);
    expect(await page.getByAltText('Chosen: photo.jpg').count()).toBe(1);
  };
  const failOnce = async (page: Page, fail: (route: Route) => Promise<void>) => {
    await page.route(creates, fail, { times: 1 });
  };

  test('offline the page says so and loses nothing, and the same request goes through afterwards', async () => {
    const page = await filledForm();
    await page.context().setOffline(true);
    await run(page);
    await page.getByText('You are offline. Nothing is lost.', { exact: true }).waitFor();
    await page.getByRole('alert').getByText('The task was not started.').waitFor();
    await kept(page);

    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await completed(page);
  });

  test.each([
    [429, 'rate_limit_exceeded', 'Too many requests for this key.', { 'retry-after': '2' }],
    [503, 'service_unavailable', 'The service is not available now.', {}],
  ])(
    'after a %d the page shows the words of the API, loses nothing, and can try again',
    async (status, code, message, headers) => {
      const page = await filledForm();
      await failOnce(page, (route) =>
        route.fulfill({
          status,
          headers: { 'x-request-id': 'request-4711', ...headers },
          contentType: 'application/json',
          body: JSON.stringify({ error: { code, message, type: 'api_error', param: null } }),
        }),
      );
      await run(page);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      const text = await alert.textContent();
      expect(text).toContain(message);
      expect(text).toContain('request-4711');
      if ('retry-after' in headers) expect(text).toContain('Try again (in 2 s)');
      await kept(page);

      await page.getByRole('button', { name: /Try again/ }).click();
      await completed(page);
    },
  );

  test('with a slow API the page says that it waits, loses nothing, and sends nothing a second time', async () => {
    const page = await filledForm();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    let requests = 0;
    const slowly = async (route: Route) => {
      if (route.request().method() === 'POST') requests += 1;
      await answered;
      await route.continue();
    };
    await page.route(creates, slowly);
    await page.route('**/v1/tasks?*', slowly);
    await run(page);
    const sending = page.getByRole('button', { name: 'Sending' });
    await sending.press('Enter');
    await kept(page);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click();
    await page.getByText('Loading the tasks').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Create' }).click();
    await sending.waitFor();
    await kept(page);

    answer();

    await completed(page);
    expect(requests).toBe(1);
  });

  test('after a lost response the request is repeated under the same key, so nothing is paid twice', async () => {
    const page = await filledForm();
    const keys: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/images/generations')) {
        keys.push(request.headers()['idempotency-key']);
      }
    });
    const before = (await stack.account()).balance;
    await failOnce(page, async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await run(page);
    await page.getByRole('button', { name: 'Try again' }).click();
    await completed(page);

    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(before - (await stack.account()).balance).toBe(1200);
  });

  test('a start without a clear response is repeated under its key, also from another screen and with a file beside an address', async () => {
    const page = await filledForm();
    const address = page.getByLabel('Second picture: an address');
    await address.fill('https://example.com/b.jpg');
    await address.press('Enter');
    const sent: string[] = [];
    await page.route(creates, async (route) => {
      sent.push(`${route.request().headers()['idempotency-key']} ${route.request().postData()}`);
      await route.abort('connectionreset');
    });
    await run(page);
    await page.getByRole('alert').getByText('The task was not started.').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
    await page.getByRole('heading', { name: 'Keys' }).first().waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Create' }).click();
    await run(page);
    await page.getByRole('alert').getByText('The task was not started.').waitFor();

    expect(sent).toHaveLength(2);
    expect(sent[0]).toContain('/v1/files/');
    expect(new Set(sent).size).toBe(1);
  });

  test('of two pictures the one that could not be sent is sent into its own form', async () => {
    const page = await filledForm();
    const bytes = await sharp('cli/sample.jpg').png().toBuffer();
    await dropFile(page, '.slot >> nth=1', { name: 'second.png', type: 'image/png', bytes });
    await page.getByAltText('Chosen: second.png').waitFor();
    let id = '';
    await failOnce(page, async (route) => {
      const json = await (await route.fetch()).json();
      id = json.id;
      json.uploads[1].url += '?lost';
      await route.fulfill({ json });
    });
    await page.route(/\?lost$/, (route) => route.abort());
    await run(page);
    await page.getByRole('alert').getByText('The picture could not be sent').waitFor();
    await expect
      .poll(async () => (await stack.call('GET', `/v1/tasks/${id}`)).body.uploads)
      .toMatchObject([{ index: 1 }]);

    await run(page);
    await completed(page);

    const { body } = await stack.call('GET', `/v1/tasks/${id}`);
    expect(body).toMatchObject({
      status: 'completed',
      request: { inputs: [{ content_type: 'image/jpeg' }, { content_type: 'image/png' }] },
    });
  });

  test('when a key does not work any more the page asks for another one, and the form stays', async () => {
    const page = await filledForm();
    await page.route(
      '**/v1/**',
      (route) =>
        route.fulfill({
          status: 401,
          contentType: 'application/json',
          body: '{"error":{"code":"key_expired","message":"The key has expired."}}',
        }),
      { times: 1 },
    );
    await run(page);
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('API key').fill(stack.keys.apiKey);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await kept(page);

    await run(page);
    await completed(page);
  });

  test('the texts of the form outlive a reload', async () => {
    const page = await filledForm();
    await page.reload();

    expect(await page.getByLabel('What to do with it').inputValue()).toBe(prompt);
  });

  test('after half an hour without a touch the key is gone, but the form stays', async () => {
    const page = await open({ url: stack.url });
    await page.clock.install();
    await page.reload();
    await signIn(page, stack.keys.apiKey);
    await page.getByLabel('What to do with it').fill(prompt);
    await page.clock.fastForward('31:00');
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();

    expect(await page.evaluate("sessionStorage.getItem('darkroom.key')")).toBe(null);
    expect(await page.getByLabel('What to do with it').inputValue()).toBe(prompt);
  });

  /** A key of another account. */
  const otherKey = async (): Promise<string> => {
    const issued = await issueKey(stack, {
      account: 'somebody-else',
      name: 'other',
      scopes: ['generate'],
    });
    stack.tripwire.addResponse(JSON.stringify(issued));
    return issued.api_key;
  };
  /** As after sleep of the computer: the clock has gone on, but no timer has run. */
  const forgetHalfAnHour = (page: Page) =>
    page.evaluate("sessionStorage.setItem('darkroom.active-at', Date.now() - 31 * 60_000)");

  test('after half an hour asleep the first touch asks for the key, and another key does not get the form', async () => {
    const page = await open({ url: stack.url });
    await page.clock.install();
    await page.reload();
    await signIn(page, stack.keys.apiKey);
    await page.getByLabel('What to do with it').fill(prompt);
    await page.clock.setSystemTime(Date.now() + 31 * 60_000);
    await page.keyboard.press('Shift');
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor({ timeout: 5000 });

    // A sign-in in another tab does not sign in this one.
    await page.evaluate(`new Promise((heard) => {
      new BroadcastChannel('darkroom.session').addEventListener('message', () => setTimeout(heard));
      new BroadcastChannel('darkroom.session').postMessage(
        { type: 'signed in', key: 'sk-of-another-tab', owner: 'another' });
    })`);
    expect(await dialog.isVisible()).toBe(true);
    expect(await page.evaluate("sessionStorage.getItem('darkroom.key')")).toBe(null);
    await dialog.getByLabel('API key').fill(await otherKey());
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });

    expect(await page.getByLabel('What to do with it').inputValue()).toBe('');
    expect(await page.evaluate("sessionStorage.getItem('darkroom.draft')")).not.toContain(prompt);
  });

  test('a reload does not begin another half hour, and the form stays for its own key only', async () => {
    const page = await filledForm();
    await forgetHalfAnHour(page);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in with an API key' }).waitFor();
    expect(await page.evaluate("sessionStorage.getItem('darkroom.key')")).toBe(null);

    await signIn(page, stack.keys.apiKey);
    expect(await page.getByLabel('What to do with it').inputValue()).toBe(prompt);

    await forgetHalfAnHour(page);
    await page.reload();
    await signIn(page, await otherKey());
    expect(await page.getByLabel('What to do with it').inputValue()).toBe('');
  });

  test('usage of more than a page is read to its end, and all keys are in the legend', async () => {
    const page = await open({ url: stack.url, key: stack.keys.apiKey });
    const today = new Date().toISOString().slice(0, 10);
    const row = (credits: number, key: { key_id?: string; key_name?: string }) => ({
      object: 'usage',
      day: today,
      tasks: 1,
      failed: 0,
      images: 1,
      credits,
      success_share: 1,
      seconds_p50: 1,
      seconds_p95: 1,
      ...key,
    });
    const keys = Array.from({ length: 8 }, (_, at) =>
      row(1, { key_id: `key-${at}`, key_name: `key number ${at}` }),
    );
    await page.route('**/v1/usage?*', (route) => {
      const { searchParams } = new URL(route.request().url());
      const rows = searchParams.get('group_by') === 'day' ? [row(3, {}), row(5, {})] : keys;
      const isFirst = searchParams.get('cursor') === null;
      return route.fulfill({
        json: {
          object: 'list',
          data: isFirst ? rows.slice(0, 1) : rows.slice(1),
          next_cursor: isFirst ? 'second' : null,
        },
      });
    });
    await page.getByRole('navigation').getByRole('link', { name: 'Usage' }).click();
    await page.locator('.legend').waitFor();

    expect(await page.locator('.legend li').allTextContents()).toEqual([
      ...keys.slice(0, 6).map(({ key_name }) => key_name),
      '2 other keys',
    ]);
    expect(await page.locator('.chart rect').count()).toBe(7);
    expect(await page.locator('.totals dd').nth(1).textContent()).toBe('8');
  });

  test('a list that cannot be loaded says so, and loads when the API is back', async () => {
    const page = await open({ url: stack.url, key: stack.keys.apiKey });
    const isDown = { value: true };
    await page.route('**/v1/tasks?*', (route) =>
      isDown.value
        ? route.fulfill({
            status: 403,
            contentType: 'application/json',
            body: '{"message":"Forbidden"}',
          })
        : route.continue(),
    );
    await page.getByRole('navigation').getByRole('link', { name: 'Tasks' }).click();
    await page.getByText('The tasks could not be loaded.').waitFor();

    isDown.value = false;
    await page.getByRole('button', { name: 'Try again' }).click();

    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});
