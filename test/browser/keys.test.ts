import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, holdBack, violations } from './chromium.ts';
import { signIn } from './installed-chromium.ts';

describe.skipIf(!hasChromium)('with the keys of an account', () => {
  const open = browserForTests();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.close();
  });

  const keyWith = async (scope: string, account = `keys-of-${scope}`): Promise<string> => {
    const issued = await issueKey(stack, {
      account,
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

  /** The dialog that makes a key, on a screen to which somebody came from another one. */
  async function keyDialog() {
    const page = await open({ url: `${stack.url}/console`, key: await keyWith('manage') });
    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    const dialog = page.getByRole('dialog');
    const make = async (name: string) => {
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Create' }).click();
    };
    const shown = dialog.locator('.new-key');
    const readKey = async () => {
      const key = await shown.innerText();
      stack.tripwire.addResponse(`{"api_key":${JSON.stringify(key)}}`);
      return key;
    };
    return { page, dialog, make, shown, readKey };
  }

  /** Reloads the page, and stays when the browser asks. @returns whether it has asked */
  async function asksBeforeReload(page: Page): Promise<boolean> {
    const asked = page.waitForEvent('dialog').then(async (question) => {
      await question.dismiss();
      return question.type() === 'beforeunload';
    });
    const loaded = page.waitForEvent('load').then(() => false);
    await page.evaluate('void setTimeout(() => location.reload())');
    return Promise.race([asked, loaded]);
  }

  test('a new key stays on the page when somebody goes back, and a reload asks until it is copied', async () => {
    const { page, dialog, make, shown, readKey } = await keyDialog();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await make('going-back');
    const key = await readKey();

    await page.goBack();

    await page.waitForURL(`${stack.url}/console`);
    expect(await shown.innerText()).toBe(key);
    await dialog.getByText('If it gets lost, delete it and create another one.').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await asksBeforeReload(page)).toBe(true);
    expect(await shown.innerText()).toBe(key);
    await dialog.getByRole('button', { name: 'Copy key' }).click();
    await dialog.getByText('Copied').first().waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);
    expect(await asksBeforeReload(page)).toBe(false);
    expect(await shown.count()).toBe(0);
  });

  test('a key whose answer is on its way when somebody goes back is shown on the other screen', async () => {
    const { page, make, shown, readKey } = await keyDialog();
    const held = await holdBack(page, '**/v1/admin/keys');
    await make('on-its-way');

    await page.goBack();
    await page.waitForURL(`${stack.url}/console`);
    expect(await asksBeforeReload(page)).toBe(true);
    held.release();

    expect(await readKey()).toMatch(/^sk-dr-/);
    await page.getByRole('button', { name: 'I have saved it' }).click();
    expect(await shown.count()).toBe(0);
    expect(await asksBeforeReload(page)).toBe(false);
  });

  /** Signs out in another tab, and signs in again in this one with a key of another account. */
  async function changeAccount(page: Page): Promise<void> {
    const other = await page.context().newPage();
    await other.goto(`${stack.url}/console`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in with an API key' }).waitFor();
    await signIn(page, await keyWith('manage', 'keys-of-others'));
    await page.getByRole('button', { name: 'Create a key' }).waitFor();
  }

  test('a key whose copy ends after its maker has signed out does not come back', async () => {
    const { page, dialog, make, shown, readKey } = await keyDialog();
    await make('copied-late');
    await readKey();
    // The clipboard of a browser that asks for permission first.
    await page.evaluate(
      'navigator.clipboard.writeText = () => new Promise((done) => { globalThis.endCopy = done; })',
    );
    await dialog.getByRole('button', { name: 'Copy key' }).click();
    await changeAccount(page);

    await page.evaluate('endCopy()');
    await page.evaluate('new Promise(requestAnimationFrame)');

    expect(await shown.count()).toBe(0);
  });

  test('a key whose answer comes after its maker has signed out is shown to nobody', async () => {
    const { page, make } = await keyDialog();
    const held = await holdBack(page, '**/v1/admin/keys');
    await make('too-late');
    await changeAccount(page);

    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    held.release();
    stack.tripwire.addResponse(await (await answered).text());

    await page.evaluate('new Promise((done) => setTimeout(done, 300))');
    expect(await page.getByText('too-late').count()).toBe(0);
    expect(await page.locator('.new-key').count()).toBe(0);
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
