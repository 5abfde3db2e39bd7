import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, violations } from './chromium.ts';

describe.skipIf(!hasChromium)('with the keys of an account', () => {
  const open = browserForTests();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.close();
  });

  const keyWith = async (scope: string): Promise<string> => {
    const issued = await issueKey(stack, {
      account: `keys-of-${scope}`,
      name: `the ${scope} key`,
      scopes: [scope],
    });
    stack.tripwire.addResponse(JSON.stringify(issued));
    return issued.api_key;
  };

  test('a key is made and shown once, works, is renamed, given an end, disabled, enabled and deleted', async () => {
    const page = await open({ url: `${stack.url}/console/keys`, key: await keyWith('manage') });
    await page.getByRole('button', { name: 'Create a key' }).click();
    const dialog = page.getByRole('dialog');
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('Name').fill('website');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const key = await dialog.locator('.new-key').innerText();
    stack.tripwire.addResponse(`{"api_key":${JSON.stringify(key)}}`);
    const status = async () =>
      (await fetch(`${stack.url}/v1/credits`, { headers: { authorization: `Bearer ${key}` } }))
        .status;
    expect(await status()).toBe(200);

    // The dialog cannot be closed by accident.
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'I have saved it' }).click();
    const row = page.getByRole('row', { name: /website/ });
    expect(await row.innerText()).toContain(`…${key.slice(-4)}`);
    expect(await page.content()).not.toContain(key);

    await row.getByRole('button', { name: 'Rename' }).click();
    await dialog.getByLabel('Name').fill('shop');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    const renamed = page.getByRole('row', { name: /shop/ });
    await renamed.getByRole('button', { name: 'Limits' }).click();
    await dialog.getByLabel('Credits a day').fill('3');
    await dialog.getByLabel('It never ends').uncheck();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Say after how many days it ends.').waitFor();
    await dialog.getByLabel('Ends after days').fill('7');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await renamed.getByText('0 of 3 today').waitFor();
    const bar = renamed.getByRole('meter', { name: 'Used of its limit for today' });
    expect(await bar.getAttribute('max')).toBe('3');
    expect(await violations(page)).toEqual([]);
    expect(await renamed.locator('[data-label="Ends"]').innerText()).not.toBe('never');
    await renamed.getByRole('button', { name: 'Disable' }).click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await renamed.getByRole('button', { name: 'Enable' }).click();
    await renamed.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await renamed.waitFor({ state: 'detached' });

    // The row of the key in use has no buttons, so that nobody locks himself out.
    const own = page.getByRole('row', { name: /the manage key/ });
    expect(await own.getByRole('button').count()).toBe(0);
  });

  test('with a key that may only read the page says so, and offers nothing that spends', async () => {
    const page = await open({ url: `${stack.url}/console`, key: await keyWith('read') });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toBe(
      'This key may only read (scope read).',
    );

    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
    await page
      .getByRole('heading', { name: 'You are signed in with the key the read key' })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Create a key' }).count()).toBe(0);
  });

  test('another tab is signed in as well, and signing out in one signs out of both', async () => {
    const page = await open({ url: stack.url, key: stack.keys.apiKey });
    await page.getByLabel('What to do with it').fill('A secret plan');
    const other = await page.context().newPage();
    await other.goto(`${stack.url}/console/tasks`);
    await other.getByRole('heading', { name: 'Tasks' }).waitFor();

    await other.getByRole('button', { name: 'Sign out' }).click();

    await page.getByRole('heading', { name: 'Sign in with an API key' }).waitFor();
    expect(await page.evaluate<string>('JSON.stringify({ ...sessionStorage })')).not.toMatch(
      /sk-dr|secret plan/,
    );
    expect(await other.evaluate<string>('JSON.stringify({ ...localStorage })')).not.toContain(
      'sk-dr',
    );
  });

  test('a key that does not work is refused at the sign-in', async () => {
    const page = await open({ url: stack.url });
    await page.getByLabel('API key').fill('sk-dr-nobody');
    await page.getByRole('button', { name: 'Sign in' }).click();

    expect(await page.getByRole('alert').textContent()).toContain('This key does not work.');
  });
});
