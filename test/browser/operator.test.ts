import { readFileSync } from 'node:fs';
import type { Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invokeIssueKey, issueConsoleLink, issueKey } from '../../local/local-keys.ts';
import type { TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, holdBack, overflow, violations } from './chromium.ts';
import { signIn } from './installed-chromium.ts';

// A text of others that would be markup, or change the direction of the line, if it were not shown as text.
const hostile = '<img src=x onerror=alert(1)>\u202Egnp.exe';

describe.skipIf(!hasChromium)('the operator', () => {
  const open = browserForTests();
  let stack: TestStack;
  let pictures: Receiver;
  let taskId = '';
  let keyId = '';
  let managed = '';
  beforeAll(async () => {
    stack = await startStack();
    pictures = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
    const created = await stack.create({
      prompt: 'Make it snow',
      image_urls: [`${pictures.url}/sample.jpg`],
    });
    taskId = created.body.id;
    await stack.endedTask(taskId);
    const issued = await issueKey(stack, { account: 'managed', scopes: ['manage'] });
    stack.tripwire.addResponse(JSON.stringify(issued));
    managed = issued.api_key;
    keyId = (await admin('GET', '/keys?account=managed')).body.data[0].id;
  });
  afterAll(async () => {
    await pictures?.close();
    await stack?.close();
  });

  const admin = (method: string, path: string, body?: unknown) =>
    stack.call(method, `/v1/admin${path}`, body, {
      authorization: `Bearer ${stack.keys.adminKey}`,
    });
  const openAs = async (key: string, path: string) => open({ url: `${stack.url}${path}`, key });

  test('makes an account, grants it credits, gives it a key, lowers its limits, and disables it', async () => {
    const page = await openAs(stack.keys.adminKey, '/console/operator/accounts');
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await dialog.getByLabel('Name').fill('studio');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const secret = await dialog.locator('.new-key').innerText();
    stack.tripwire.addResponse(JSON.stringify({ webhook_secret: secret }));
    expect(secret).toMatch(/^whsec_/);
    await dialog.getByRole('link', { name: 'I have saved it' }).click();

    await page.getByRole('heading', { level: 1, name: 'studio' }).waitFor();
    await page.getByLabel('How many').fill('12.5');
    await page.getByLabel('For what').fill('invoice 7');
    await page.getByRole('button', { name: 'Grant' }).click();
    await page.getByText('Granted: 12.5 credits.').waitFor();
    await page.getByLabel('How many').fill('2');
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await dialog.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Withdrawn: 2 credits.').waitFor();
    await page.getByLabel('Tasks in flight').fill('3');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('tab', { name: 'Statement' }).click();
    await page.getByRole('cell', { name: 'invoice 7' }).first().waitFor();

    await page.getByRole('tab', { name: 'Keys' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    await dialog.getByLabel('Name').fill('website');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const key = await dialog.locator('.new-key').innerText();
    stack.tripwire.addResponse(JSON.stringify({ api_key: key }));
    await dialog.getByRole('button', { name: 'I have saved it' }).click();
    const row = page.getByRole('row', { name: /website/ });
    await row.getByRole('button', { name: 'Limits' }).click();
    await dialog.getByLabel('Credits in all').fill('5');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('0 of 5').waitFor();
    const granted = await stack.call('GET', '/v1/credits', undefined, {
      authorization: `Bearer ${key}`,
    });
    expect(granted.body.data).toMatchObject({
      token: { remaining_credits: 5 },
      user: { remaining_credits: 10.5 },
    });

    await page.getByRole('tab', { name: 'Account' }).click();
    await page.getByRole('button', { name: 'Disable the account' }).click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Enable the account' }).waitFor();
    const account = await admin('GET', '/accounts/studio');
    expect(account.body).toMatchObject({ enabled: false, limits: { tasks_in_flight: 3 } });

    await page.getByRole('link', { name: 'What was done to it' }).click();
    await page.getByRole('cell', { name: 'made a key', exact: true }).waitFor();
    expect(await page.locator('tbody tr').count()).toBeGreaterThanOrEqual(7);
  });

  test.each([
    ['an operator', () => stack.keys.adminKey, '/console/operator/accounts/default'],
    ['an account', () => managed, '/console/webhooks'],
  ])(
    'a double click replaces a secret once, and nothing closes the dialog before it is shown: %s',
    async (_who, key, path) => {
      const page = await openAs(key(), path);
      const held = await holdBack(page, '**/webhook-secret');
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Replace the secret' }).click();
      await dialog.getByRole('button', { name: 'Replace' }).dblclick();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await dialog.getByRole('button', { name: 'Keep' }).click({ force: true });
      held.release();

      await dialog.getByRole('heading', { name: 'The new secret' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      const secret = await dialog.locator('.new-key').innerText();
      stack.tripwire.addResponse(JSON.stringify({ webhook_secret: secret }));
      expect(secret).toMatch(/^whsec_/);
      expect(held.count).toBe(1);
      await dialog.getByRole('button', { name: 'I have saved it' }).click();
      await dialog.waitFor({ state: 'detached' });
    },
  );

  test('the dialog of a new account cannot be closed before its secret is shown', async () => {
    const page = await openAs(stack.keys.adminKey, '/console/operator/accounts');
    const held = await holdBack(page, '**/v1/admin/accounts');
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await dialog.getByLabel('Name').fill('patient');
    await dialog.getByRole('button', { name: 'Create' }).dblclick();
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Cancel' }).click({ force: true });
    held.release();

    const secret = await dialog.locator('.new-key').innerText();
    stack.tripwire.addResponse(JSON.stringify({ webhook_secret: secret }));
    expect(secret).toMatch(/^whsec_/);
    expect(held.count).toBe(1);
  });

  test('a grant whose response is lost stays on its page, and counts once when it is sent again', async () => {
    const made = await admin('POST', '/accounts', { id: 'unclear' });
    stack.tripwire.addResponse(JSON.stringify(made.body));
    const page = await openAs(stack.keys.adminKey, '/console/operator/accounts/unclear');
    await page.route(
      '**/accounts/unclear/credits',
      async (route) => {
        await route.fetch();
        await route.abort('connectionreset');
      },
      { times: 1 },
    );
    await page.getByLabel('How many').fill('5');
    await page.getByLabel('For what').fill('invoce 8');
    await page.getByRole('button', { name: 'Grant' }).click();
    await page.getByText('It is not certain that this was booked.').waitFor();

    await page.getByRole('tab', { name: 'Statement' }).click();
    await page.getByRole('cell', { name: 'invoce 8' }).waitFor();
    await page.getByRole('tab', { name: 'Account' }).click();
    expect(await page.getByLabel('How many').count()).toBe(0);
    await page.getByRole('button', { name: 'Send it again' }).click();
    await page.getByText('Granted: 5 credits.').waitFor();
    expect((await admin('GET', '/accounts/unclear')).body.credits.granted).toBe(5);

    // A refusal of the API is a clear answer.
    await page.getByLabel('How many').fill('6');
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Nothing was booked.').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  test('limits that are being typed stay when the account is read again, and a change says that it was saved', async () => {
    await admin('POST', '/accounts', { id: 'typing' }).then(({ body }) =>
      stack.tripwire.addResponse(JSON.stringify(body)),
    );
    const page = await openAs(stack.keys.adminKey, '/console/operator/accounts/typing');
    await page.getByLabel('Tasks in flight').fill('3');
    // After a grant the page reads the account again.
    await page.getByLabel('How many').fill('12.5');
    await page.getByRole('button', { name: 'Grant' }).click();
    await page.locator('.totals').getByText('12.5').first().waitFor();
    expect(await page.getByLabel('Tasks in flight').inputValue()).toBe('3');

    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.getByLabel('Tasks in flight').fill('4');
    await page.getByText('Saved.').waitFor({ state: 'detached' });
    const { body } = await admin('GET', '/accounts/typing');
    expect(body.limits.tasks_in_flight).toBe(3);
  });

  test('finds a task of any account by its filters, sees how far it is, and can go on to its account and key', async () => {
    const { account } = (await admin('GET', `/tasks/${taskId}`)).body;
    const page = await openAs(stack.keys.adminKey, '/console/operator/tasks');
    await page.getByLabel('Status').selectOption('completed');
    await page.getByLabel('Account').fill(account);
    await page.keyboard.press('Enter');
    await page.waitForURL(/account=/);
    expect(new URL(page.url()).search).toBe(`?status=completed&account=${account}`);
    await page.getByRole('link', { name: taskId }).click();

    await page.getByRole('heading', { level: 1, name: taskId }).waitFor();
    expect(await page.getByText('dashscope').count()).toBeGreaterThan(0);
    expect(await page.content()).not.toContain('Make it snow');
    await page.getByRole('link', { name: /^key-/ }).click();
    await page.getByRole('link', { name: /All keys of/ }).click();
    await page.getByRole('heading', { level: 1, name: account }).waitFor();
  });

  test('finds a key among those of all accounts, and disables it there', async () => {
    // By its name the first of all accounts, so it is on the first page.
    const issued = await issueKey(stack, { account: '0-first', name: hostile });
    stack.tripwire.addResponse(JSON.stringify(issued));
    expect((await admin('PATCH', '/accounts/0-first', { enabled: false })).status).toBe(200);
    const lastFour = issued.api_key.slice(-4);
    const page = await openAs(stack.keys.adminKey, '/console/operator');
    await page
      .getByRole('navigation', { name: 'Operator' })
      .getByRole('link', { name: 'All keys' })
      .click();
    await page.getByRole('row', { name: /0-first/ }).waitFor();
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(1);

    await page.getByLabel('Name, id or last four characters').fill(lastFour);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('text') === lastFour);
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    const row = page.getByRole('row', { name: /0-first/ });
    expect(await row.innerText()).toContain('<img src=x onerror=alert(1)>U+202Egnp.exe');
    expect(await row.locator('[data-label="Account"]').innerText()).toMatch(/0-first\s*disabled/);
    await row.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await row.getByRole('button', { name: 'Enable' }).waitFor();
    await row.getByRole('link', { name: '0-first' }).click();

    await page.getByRole('heading', { level: 1, name: '0-first' }).waitFor();
    await page.getByRole('row', { name: /<img src=x/ }).waitFor();
  });

  test('sees names and notes of others as text', async () => {
    await admin('POST', '/accounts', { id: 'hostile' });
    await admin('POST', '/accounts/hostile/credits', { credits: 1, note: `=1+1 ${hostile}` });
    const made = await admin('POST', '/keys', { account: 'hostile', name: hostile });
    expect(made.status).toBe(200);
    stack.tripwire.addResponse(JSON.stringify(made.body));
    const page = await openAs(stack.keys.adminKey, '/console/operator/accounts/hostile?view=Keys');
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    await page.getByText('U+202E').first().waitFor();

    await page.getByRole('tab', { name: 'Statement' }).click();
    await page.getByText('=1+1 <img').first().waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    const csv = readFileSync(await (await saved).path(), 'utf8');
    expect(csv).toContain("'=1+1 <img");
    await page.getByRole('link', { name: 'What was done to it' }).click();
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });

  test('must have the scope: a key without it has no such screens, and the API refuses it', async () => {
    const { api_key } = await issueKey(stack, { account: 'not-him', scopes: ['manage'] });
    stack.tripwire.addResponse(JSON.stringify({ api_key }));
    const page = await openAs(api_key, '/console');
    await page.getByRole('navigation').getByRole('link', { name: 'Keys' }).waitFor();
    expect(await page.getByRole('navigation').getByRole('link', { name: 'Operator' }).count()).toBe(
      0,
    );
    await page.goto(`${stack.url}/console/operator/accounts`);
    await page.getByRole('heading', { name: 'These screens are the operator’s' }).waitFor();

    for (const path of ['accounts', 'accounts/default', 'tasks', 'providers', 'audit']) {
      const { status } = await stack.call('GET', `/v1/admin/${path}`, undefined, {
        authorization: `Bearer ${api_key}`,
      });
      expect([path, status]).toEqual([path, 403]);
    }
  });

  test('signs in with a link once: the second time it says so, and the code stays in no address', async () => {
    const issued = await invokeIssueKey(stack, { console: { name: hostile } });
    const { code } = issued as { code: string };
    stack.tripwire.add('a secret', code);
    const link = `${stack.url}/console#code=${code}`;
    const page = await open({ url: link });
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${stack.url}/console/operator`);
    // The name of the session is in the bar, as text.
    await page.getByRole('navigation', { name: 'Screens' }).getByText('U+202E').waitFor();
    expect(await page.evaluate<string>('JSON.stringify({ ...sessionStorage })')).not.toContain(
      code,
    );
    await page.goto(`${stack.url}/console/operator/accounts/operator?view=Keys`);
    await page.getByText('session in the console').first().waitFor();

    const other = await open({ url: link });
    const alert = other.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain(
      'This link does not work: it was used, or is older than ten minutes.',
    );
    expect(other.url()).toBe(`${stack.url}/console`);
    expect(await violations(other)).toEqual([]);
    await other.getByRole('button', { name: 'Go on without the link' }).click();
    await other.getByLabel('API key').waitFor();
  });

  test('signs in with the link of the local stack as often as he likes, and in a tab that is open', async () => {
    const link = await issueConsoleLink(stack);
    const page = await open({ url: link });
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();

    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  test('sees the state of everything, has the key of a provider tried, and reads the advice about an alarm', async () => {
    const page = await openAs(stack.keys.adminKey, '/console/operator');
    const figure = (name: string) =>
      page.locator('.totals > div').filter({ hasText: name }).locator('dd').innerText();
    await page.getByRole('heading', { name: 'Alarms' }).waitFor();
    await page.getByText('is quiet.').first().waitFor();
    // Each list is read separately. Until then its place has a dash.
    await expect
      .poll(async () => Number.parseFloat(await figure('Tasks a minute')))
      .toBeGreaterThan(0);
    await expect.poll(() => figure('Successful')).toMatch(/ %$/);
    await expect.poll(async () => Number(await figure('Credits today'))).toBeGreaterThan(0);
    await page.getByText('What to do').first().click();
    await page.getByText('Nothing was charged.').first().waitFor();

    await page.getByRole('link', { name: 'Providers' }).click();
    await page.getByRole('button', { name: 'Try the key of dashscope' }).click();
    await page.getByText('It takes the key.').waitFor();
  });

  test('sees a dash for figures that were not read, and the time of figures that could not be read again', async () => {
    const page = await open({ url: stack.url });
    await page.clock.install();
    await page.goto(`${stack.url}/console/operator`);
    await signIn(page, stack.keys.adminKey);
    const figure = (name: string) =>
      page.locator('.totals > div').filter({ hasText: name }).locator('dd');
    const refuse = (route: Route) =>
      route.fulfill({
        status: 403,
        json: { error: { code: 'permission_denied', message: 'No.' } },
      });
    await page.route('**/v1/admin/usage?*', refuse);
    await page.reload();
    const failure = page.getByRole('alert').filter({ hasText: 'The usage could not be read.' });
    await failure.waitFor();
    expect(await failure.innerText()).not.toContain('What is shown is from');
    expect(await figure('Credits today').innerText()).toBe('–');
    expect(await figure('Providers today').innerText()).toBe('–');

    await page.unroute('**/v1/admin/usage?*', refuse);
    await failure.getByRole('button', { name: 'Try again' }).click();
    await figure('Credits today').filter({ hasText: /\d/ }).waitFor();
    const credits = await figure('Credits today').innerText();
    await page.route('**/v1/admin/usage?*', refuse);
    await page.clock.fastForward('01:05');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('What is shown is from');
    expect(await figure('Credits today').innerText()).toBe(credits);
  });

  const screens = [
    ['Overview', () => ''],
    ['Accounts', () => '/accounts'],
    ['an account', () => '/accounts/default'],
    ['its keys', () => '/accounts/default?view=Keys'],
    ['its statement', () => '/accounts/default?view=Statement'],
    ['an account that does not exist', () => '/accounts/nobody'],
    ['All keys', () => '/keys'],
    ['a key', () => `/keys/${keyId}`],
    ['All tasks', () => '/tasks'],
    ['a task', () => `/tasks/${taskId}`],
    ['Providers', () => '/providers'],
    ['Audit', () => '/audit'],
  ] as const;

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
    ['light', 3840],
  ] as const)(
    'has screens without a violation of axe and no wider than their window: %s, %d pixels',
    async (colorScheme, width) => {
      const viewport = { width, height: 800 };
      const page = await open({
        url: stack.url,
        key: stack.keys.adminKey,
        colorScheme,
        viewport,
      });
      const found: Record<string, unknown> = {};
      for (const [name, path] of screens) {
        await page.goto(`${stack.url}/console/operator${path()}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('networkidle');
        found[name] = [...(await violations(page)), await overflow(page)];
      }

      expect(found).toEqual(Object.fromEntries(screens.map(([name]) => [name, [0]])));
    },
  );
});
