import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import document from '../../docs/openapi.json' with { type: 'json' };
import type { TestStack } from '../flow/open-stack.ts';
import { startStack } from '../flow/start-stack.ts';
import { nodesOf } from '../support/openapi-nodes.ts';
import { browserForTests, hasChromium, overflow, violations } from './chromium.ts';

describe.skipIf(!hasChromium)('the documentation', () => {
  const open = browserForTests();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.close();
  });

  const title = (page: Page, name: string) =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  const count = (page: Page, selector: string) => page.locator(`.docs-page ${selector}`).count();
  const isInView = (page: Page, id: string) =>
    page.evaluate<boolean>(`(() => {
      const { top } = document.getElementById(${JSON.stringify(id)}).getBoundingClientRect();
      return scrollY > 0 && top >= 0 && top < innerHeight;
    })()`);

  test('is read without a key, from the sign-in page', async () => {
    const page = await open({ url: stack.url });
    await page.getByRole('link', { name: 'its documentation' }).click();
    await title(page, 'Darkroom API');
    expect(page.url()).toBe(`${stack.url}/docs`);
    expect(await page.locator('.docs-address').textContent()).toContain(stack.url);

    await page.getByRole('link', { name: 'Create a task' }).click();
    await title(page, 'Create a task');
    expect(page.url()).toBe(`${stack.url}/docs/createTask`);
    expect(await page.title()).toBe('Create a task – Darkroom');
    const code = page.locator('.docs-page .code-tabs .code');
    expect(await code.textContent()).toContain(`curl "${stack.url}/v1/images/generations"`);
    await page.getByRole('tab', { name: 'curl' }).press('ArrowRight');
    expect(await code.textContent()).toContain(`fetch(\`${stack.url}/v1/images/generations\``);

    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await page.getByLabel('API key').waitFor();
  });

  test('has every parameter, header, property and status of every operation as an element', async () => {
    const page = await open({ url: `${stack.url}/docs` });
    const found: Record<string, unknown> = {};
    const wanted = nodesOf(document);
    for (const id of wanted.keys()) {
      await page.locator(`.docs-operations a[href="/docs/${id}"]`).click();
      await page.locator(`.docs-operations a[href="/docs/${id}"][aria-current=page]`).waitFor();
      await page.locator('.docs-page [data-status]').first().waitFor();
      const statuses = await page
        .locator('.docs-page [data-status]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-status')));
      found[id] = { fields: await count(page, '[data-field]'), statuses };
    }

    expect(found).toEqual(Object.fromEntries(wanted));
  });

  test.each([
    ['createTask#409', '409', 'idempotency_conflict'],
    ['createTask#body-callback_url', 'body-callback_url', 'callback_url'],
    ['createTask#taskEnded-parameters', 'taskEnded-parameters', 'Parameters'],
    ['errors#key_expired', 'key_expired', 'KEY_EXPIRED'],
    ['evolink#in-detail', 'in-detail', 'In detail'],
  ])('opens at %s', async (address, id, says) => {
    const page = await open({
      url: `${stack.url}/docs/${address}`,
      viewport: { width: 1280, height: 300 },
    });
    await page.locator(`[id="${id}"]`).waitFor();

    expect(await page.locator(`[id="${id}"]`).textContent()).toContain(says);
    await expect.poll(() => isInView(page, id)).toBe(true);
  });

  test('leads from a status to the advice about its codes', async () => {
    const page = await open({ url: `${stack.url}/docs/createTask#401` });
    await page.locator('[id="401"] a', { hasText: 'KEY_DISABLED' }).click();
    await title(page, 'Errors');

    expect(page.url()).toBe(`${stack.url}/docs/errors#key_disabled`);
    await expect.poll(() => isInView(page, 'key_disabled')).toBe(true);
  });

  test('is searched, and keeps the search while operations are opened', async () => {
    const page = await open({ url: `${stack.url}/docs` });
    await page.getByLabel('Search').fill('webhook secret');
    await page.getByText(/^\d found$/).waitFor();
    const links = page.locator('.docs-operations .method');
    await expect.poll(() => links.count()).toBeLessThan(10);

    await page.locator('.docs-operations a[href="/docs/rotateSecret"]').click();
    await page.locator('.docs-page [data-status="200"]').waitFor();
    expect(await page.getByLabel('Search').inputValue()).toBe('webhook secret');

    await page.getByLabel('Search').fill('no such thing');
    await page.getByText('0 found').waitFor();
  });

  test('is one of the screens for somebody with a key', async () => {
    const viewport = { width: 700, height: 800 };
    const page = await open({ url: stack.url, key: stack.keys.apiKey, viewport });
    await page.getByRole('navigation').getByRole('link', { name: 'Docs' }).click();
    await title(page, 'Darkroom API');
    await page.getByText('credits left').waitFor();
    expect(await overflow(page)).toBe(0);
    await page.goto(`${stack.url}/docs/nothing`);
    await title(page, 'There is no such operation');
    await page.getByRole('link', { name: 'Create', exact: true }).click();
    await page.getByLabel('What to do with it').waitFor();
  });

  test('shows a hostile text as a text', async () => {
    const hostile =
      '<img src=x onerror=alert(1)> </p><script>alert(2)</script> [run](javascript:alert(3)) **<b>bold</b>**';
    const page = await open({ url: `${stack.url}/docs` });
    await title(page, 'Darkroom API');
    await page.route('**/openapi.json', (route) =>
      route.fulfill({
        json: {
          openapi: '3.1.0',
          info: { title: '<i>Title</i>', version: '1', description: hostile },
          paths: {
            '/<b>': {
              get: {
                operationId: 'hostile',
                tags: ['<u>'],
                summary: hostile,
                description: hostile,
                parameters: [{ name: '<b>', in: 'query', description: hostile }],
                responses: { 200: { description: hostile } },
              },
            },
          },
        },
      }),
    );
    await page.goto(`${stack.url}/docs/hostile`);
    await page.locator('.docs-page [data-status="200"]').waitFor();

    expect(await page.locator('.docs-page h1').textContent()).toBe(hostile);
    const text = (await page.locator('.docs-page').textContent()) ?? '';
    expect(text.split('<script>alert(2)</script>')).toHaveLength(5);
    expect(await count(page, ':is(img, script, b, i, u, [onerror], [href^="javascript:"])')).toBe(
      0,
    );
  });

  test('says when its document cannot be loaded, and tries again', async () => {
    const page = await open({ url: stack.url });
    await page.getByLabel('API key').waitFor();
    let fails = true;
    await page.route('**/openapi.json', (route) =>
      fails ? route.fulfill({ status: 404, body: 'gone' }) : route.continue(),
    );
    await page.goto(`${stack.url}/docs/createTask`);
    await page.getByText('The document could not be loaded.').waitFor();
    fails = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await title(page, 'Create a task');
  });

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
  ] as const)(
    'is without a violation of axe and no wider than its window: %s, %d pixels',
    async (colorScheme, width) => {
      const viewport = { width, height: 800 };
      const page = await open({ url: `${stack.url}/docs`, colorScheme, viewport });
      const found: Record<string, unknown> = {};
      const paths = ['', '/createTask', '/getUsage', '/uploadFileStream', '/errors', '/evolink'];
      for (const path of [...paths, '/nothing']) {
        await page.goto(`${stack.url}/docs${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('networkidle');
        await page.evaluate(
          "for (const one of document.querySelectorAll('details')) one.open = true",
        );
        found[path] = [...(await violations(page)), await overflow(page)];
      }

      expect(found).toEqual(Object.fromEntries([...paths, '/nothing'].map((one) => [one, [0]])));
    },
  );
});
