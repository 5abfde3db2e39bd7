import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { controlProvider, startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, overflow, violations } from './chromium.ts';

describe.skipIf(!hasChromium)('every screen', () => {
  const open = browserForTests();
  let stack: TestStack;
  let pictures: Receiver;
  let manageKey = '';
  const tasks = { completed: '', failed: '' };
  beforeAll(async () => {
    stack = await startStack();
    pictures = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
    const body = { prompt: 'Make it snow', n: 2, image_urls: [`${pictures.url}/sample.jpg`] };
    tasks.completed = (await stack.create(body)).body.id;
    await stack.endedTask(tasks.completed);
    const managed = await issueKey(stack, { account: 'managed', scopes: ['manage'] });
    stack.tripwire.addResponse(JSON.stringify(managed));
    manageKey = managed.api_key;
  });
  afterAll(async () => {
    await pictures?.close();
    await stack?.close();
  });

  const screens = [
    ['Create', () => '/console', 'generate'],
    ['Tasks', () => '/console/tasks', 'generate'],
    ['a task', () => `/console/tasks/${tasks.completed}`, 'generate'],
    ['a task that failed', () => `/console/tasks/${tasks.failed}`, 'generate'],
    ['Webhooks', () => '/console/webhooks', 'manage'],
    ['Webhooks for a key that may not manage', () => '/console/webhooks', 'generate'],
    ['Keys', () => '/console/keys', 'manage'],
    ['Keys for a key that may not manage them', () => '/console/keys', 'generate'],
    ['Usage', () => '/console/usage', 'generate'],
    ['an address that does not exist', () => '/console/nothing', 'generate'],
  ] as const;

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
    ['light', 3840],
  ] as const)(
    'is without a violation of axe and no wider than its window: %s, %d pixels',
    async (colorScheme, width) => {
      if (tasks.failed === '') {
        controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
        const body = { prompt: 'Not allowed', image_urls: [`${pictures.url}/sample.jpg`] };
        tasks.failed = (await stack.create(body)).body.id;
        await stack.endedTask(tasks.failed);
      }
      const found: Record<string, unknown> = {};
      const viewport = { width, height: 800 };
      for (const key of [stack.keys.apiKey, manageKey]) {
        const page = await open({ url: stack.url, key, colorScheme, viewport });
        const own = screens.filter(([, , scope]) => (scope === 'manage') === (key === manageKey));
        for (const [name, path] of own) {
          await page.goto(`${stack.url}${path()}`);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.waitForLoadState('networkidle');
          found[name] = [...(await violations(page)), await overflow(page)];
        }
      }
      const signedOut = await open({ url: stack.url, colorScheme, viewport });
      await signedOut.getByLabel('API key').waitFor();
      found['Sign in'] = [...(await violations(signedOut)), await overflow(signedOut)];

      expect(found).toEqual(
        Object.fromEntries(
          [...screens.map(([name]) => name), 'Sign in'].map((name) => [name, [0]]),
        ),
      );
    },
  );

  test('can be used with a keyboard: the first link leads to the content, and the form is in order', async () => {
    const page = await open({ url: stack.url, key: stack.keys.apiKey });
    await page.locator('.code').waitFor();
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');

    expect(await page.evaluate('document.activeElement.className')).toBe('slot-choose');
    await page.getByRole('tab', { name: 'curl' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Node');
    expect(await page.locator('.code').textContent()).toContain('await fetch(');
  });
});
