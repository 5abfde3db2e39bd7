import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import type { Body, TestStack } from '../flow/open-stack.ts';
import { type Receiver, serveImages } from '../flow/receiver.ts';
import { startStack } from '../flow/start-stack.ts';
import { browserForTests, hasChromium, overflow, violations } from './chromium.ts';

const markup = '<img src=x onerror="document.title=\'hacked\'">';

describe.skipIf(!hasChromium)('the list of tasks', () => {
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

  const create = async (prompt: string, more: object = {}): Promise<Body> => {
    const image_urls = [`${pictures.url}/sample.jpg`];
    const { body: created } = await stack.create({ prompt, image_urls, ...more });
    return stack.endedTask(created.id);
  };
  const promptsIn = (page: Page) => page.locator('.row-link').allTextContents();
  const openList = (query = '') =>
    open({ url: `${stack.url}/console/tasks${query}`, key: stack.keys.apiKey });
  const choose = (page: Page, prompt: string) =>
    page.getByRole('checkbox', { name: `Select ${prompt}` });

  test('text, key, model and view are in the address, and stay the same after a reload and a step back', async () => {
    await create('A Zeppelin at night');
    const { key } = await create('A boat');
    const page = await openList();
    await page.getByRole('link', { name: 'A boat' }).waitFor();

    await page.getByLabel('Text in the prompt').fill('zeppelin');
    await page.getByRole('link', { name: 'A boat' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'A Zeppelin at night' }).waitFor();
    expect(await promptsIn(page)).toEqual(['A Zeppelin at night']);
    await page.getByLabel('Key').selectOption(key.id);
    await page.getByLabel('Model').selectOption('wan2.5-image-to-image');
    await page.getByRole('button', { name: 'Grid' }).click();
    await page.locator('.task-grid').waitFor();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      text: 'zeppelin',
      key: key.id,
      model: 'wan2.5-image-to-image',
      view: 'grid',
    });

    await page.reload();
    await page.locator('.task-grid').getByRole('link').waitFor();
    expect(await promptsIn(page)).toEqual(['A Zeppelin at night']);
    expect(await page.getByLabel('Text in the prompt').inputValue()).toBe('zeppelin');
    await page.goBack();
    await page.locator('table').getByRole('link').waitFor();
    expect(await promptsIn(page)).toEqual(['A Zeppelin at night']);
  });

  test('a text with spaces is searched as it is typed, with pauses in it', async () => {
    await create('Red car');
    const page = await openList();
    const search = page.getByLabel('Text in the prompt');
    await search.pressSequentially('red ');
    await page.waitForURL(/text=red$/);
    await page.getByRole('link', { name: 'Red car' }).waitFor();

    await search.pressSequentially('car');
    await page.waitForURL(/text=red(\+|%20)car$/);

    expect(await search.inputValue()).toBe('red car');
  });

  test('unknown filters in an address are ignored', async () => {
    await create('One that is shown');
    const page = await openList('?key=sk-dr-mine&model=dall-e&view=cinema&status=nonsense');

    await page.getByRole('link', { name: 'One that is shown' }).waitFor();
    expect(await page.locator('table').count()).toBe(1);
  });

  test('a list without a matching task says so, and its filters can be cleared without leaving the grid', async () => {
    await create('One that is found again');
    const page = await openList('?view=grid&text=no%20prompt%20has%20this');
    await page.getByRole('heading', { name: 'No such tasks' }).waitFor();

    await page.getByRole('button', { name: 'Clear the filters' }).click();

    await page
      .locator('.task-grid')
      .getByRole('link', { name: 'One that is found again' })
      .waitFor();
    expect(page.url()).toBe(`${stack.url}/console/tasks?view=grid`);
  });

  test('a page without a task says that older ones were not searched yet, and goes on to them', async () => {
    await create('One that is rare');
    const page = await openList();
    await page.getByRole('link', { name: 'One that is rare' }).waitFor();
    const { body } = await stack.call('GET', '/v1/tasks?text=rare');
    await page.route('**/v1/tasks?*text=rare*', (route) => {
      const isFirst = !new URL(route.request().url()).searchParams.has('cursor');
      const empty = { object: 'list', data: [], next_cursor: 'older' };
      return route.fulfill({ json: isFirst ? empty : body });
    });

    await page.getByLabel('Text in the prompt').fill('rare');
    await page.getByRole('heading', { name: 'No such tasks among the newest' }).waitFor();
    await page.getByRole('button', { name: 'Show older tasks' }).click();

    await page.getByRole('link', { name: 'One that is rare' }).waitFor();
  });

  test('tasks can be chosen by the keyboard, as a range with Shift, and all shown ones at once', async () => {
    for (const name of ['first', 'second', 'third']) await create(`Choice: ${name}`);
    const page = await openList('?text=Choice%3A');
    await choose(page, 'Choice: third').focus();
    await page.keyboard.press('Space');
    await page.getByText('1 selected').waitFor();
    await choose(page, 'Choice: first').click({ modifiers: ['Shift'] });
    await page.getByText('3 selected').waitFor();
    await choose(page, 'Choice: second').uncheck();
    await page.getByText('2 selected').waitFor();

    await page.getByLabel('Select all 3 shown').check();
    await page.getByText('3 selected').waitFor();
    // A task that is not shown is not chosen.
    await page.getByLabel('Text in the prompt').fill('Choice: second');
    await page.getByText('1 selected').waitFor();
    await page.getByRole('button', { name: 'Select none' }).click();
    await page.getByLabel('Selected tasks').waitFor({ state: 'detached' });
  });

  test('the images of the selected tasks are saved as one zip', async () => {
    await create('Saved: one', { n: 2 });
    await create('Saved: two');
    const page = await openList('?text=Saved%3A');
    await page.getByLabel('Select all 2 shown').check();
    const download = page.waitForEvent('download');

    await page.getByRole('button', { name: 'Download (2)' }).click();

    const file = await download;
    expect(file.suggestedFilename()).toBe('darkroom-3-images.zip');
    const names = readFileSync(await file.path())
      .toString('latin1')
      .match(/task-unified-[\w-]+\.png/g);
    expect(new Set(names).size).toBe(3);
    await page.getByText('Download: 2 of 2 done').waitFor();
  });

  test('selected tasks are run again with the same requests, after their price was named', async () => {
    const { id } = await create('Again: one', { seed: 7, metadata: { order: '<b>4711</b>' } });
    const page = await openList('?text=Again%3A');
    await choose(page, 'Again: one').check();
    await page.getByRole('button', { name: 'Run again (1)' }).click();
    await page.getByRole('dialog').getByText('up to 1.2 credits').waitFor();

    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();

    await page.getByText('Run again: 1 of 1 done').waitFor();
    await page.getByText('1 was done').click();
    const made = (await page.locator('.outcomes code').textContent()) ?? '';
    expect(made).not.toBe(id);
    expect(await stack.endedTask(made)).toMatchObject({
      status: 'completed',
      metadata: { order: '<b>4711</b>' },
      request: { prompt: 'Again: one', seed: 7, inputs: [{ type: 'upload' }] },
    });
  });

  test('a repeated "Run again" sends the missing picture of its first task, and makes no second task', async () => {
    const { id } = await create('Twice: one');
    const page = await openList('?text=Twice%3A');
    await choose(page, 'Twice: one').check();
    const runAgain = async () => {
      await page.getByRole('button', { name: 'Run again (1)' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    };
    const toStorage = (url: URL) => !url.href.startsWith(stack.url);
    await page.route(toStorage, (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    );
    await runAgain();
    await page.getByText('Run again: 0 of 1 done, 1 not').waitFor();
    await page.getByText('The picture could not be sent').waitFor();

    await page.unroute(toStorage);
    await choose(page, 'Twice: one').last().check();
    await page.getByRole('button', { name: 'Close' }).click();
    await runAgain();

    await page.getByText('Run again: 1 of 1 done').waitFor();
    const { data } = (await stack.call('GET', '/v1/tasks?text=Twice%3A')).body;
    expect(data).toHaveLength(2);
    expect(data[1].id).toBe(id);
    expect((await stack.endedTask(data[0].id)).status).toBe('completed');
  });

  test('a repeated "Run again" reports a failure when its first task takes no pictures any more', async () => {
    await create('Late: one');
    const page = await openList('?text=Late%3A');
    const runAgain = async () => {
      await choose(page, 'Late: one').last().check();
      await page.getByRole('button', { name: 'Run again (1)' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
      await page.getByText('Run again: 0 of 1 done, 1 not').waitFor();
    };
    await page.route(
      (url) => !url.href.startsWith(stack.url),
      (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()),
    );
    await runAgain();
    await page.getByRole('button', { name: 'Close' }).click();
    // As after a quarter of an hour, when the forms have expired.
    await page.route('**/v1/images/generations', async (route) => {
      const created = await (await route.fetch()).json();
      await route.fulfill({ json: { ...created, uploads: undefined } });
    });

    await runAgain();

    await page.getByText('takes no pictures any more').waitFor();
    expect((await stack.call('GET', '/v1/tasks?text=Late%3A')).body.data).toHaveLength(2);
  });

  test('a failure is named with its task, which stays selected, and the others are done', async () => {
    const prompts = ['Gone: one', `Gone: ${markup}`, 'Gone: three'];
    const made: Body[] = [];
    for (const prompt of prompts) made.push(await create(prompt));
    const page = await openList('?text=Gone%3A');
    await page.getByLabel('Select all 3 shown').check();
    await page.route(`**/v1/tasks/${made[1]?.id}`, (route) =>
      route.fulfill({
        status: 409,
        json: { error: { code: 'task_running', message: `Not <b>now</b>`, type: 'conflict' } },
      }),
    );
    await page.getByRole('button', { name: 'Delete (3)' }).click();
    await page.getByRole('dialog', { name: 'Delete 3 tasks?' }).waitFor();
    expect(await violations(page)).toEqual([]);

    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();

    await page.getByText('Delete: 2 of 3 done, 1 not').waitFor();
    expect(await page.locator('.outcomes').first().textContent()).toContain(`Gone: ${markup}`);
    expect(await page.locator('.outcomes').first().textContent()).toContain('Not <b>now</b>');
    await page.getByText('1 selected').waitFor();
    expect(await choose(page, `Gone: ${markup}`).isChecked()).toBe(true);
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    for (const [index, status] of [404, 200, 404].entries()) {
      expect((await stack.call('GET', `/v1/tasks/${made[index]?.id}`)).status).toBe(status);
    }
  });

  test('a task that waits for its upload is cancelled, and for one that has ended no request is sent', async () => {
    await create('Stop: done');
    const image_uploads = [{ content_type: 'image/png' }];
    const { body: waiting } = await stack.create({ prompt: 'Stop: waiting', image_uploads });
    const page = await openList('?text=Stop%3A');
    await page.getByLabel('Select all 2 shown').check();

    await page.getByRole('button', { name: 'Cancel (1)' }).click();

    await page.getByText('Cancel: 1 of 1 done').waitFor();
    expect(await stack.endedTask(waiting.id)).toMatchObject({
      error: { code: 'request_cancelled' },
    });
  });

  test('several tasks are cancelled after a question, and a task that ends during the question is not deleted', async () => {
    await create('Asked: done');
    const image_uploads = [{ content_type: 'image/png' }];
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      const { body } = await stack.create({ prompt: `Asked: ${name}`, image_uploads });
      ids.push(body.id);
    }
    const page = await openList('?text=Asked%3A');
    await page.getByLabel('Select all 4 shown').check();
    await page.getByRole('button', { name: 'Cancel (3)' }).click();
    await page.getByRole('dialog', { name: 'Cancel 3 tasks?' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Let them go on' }).click();
    for (const id of ids) {
      expect((await stack.call('GET', `/v1/tasks/${id}`)).body.status).toBe('pending');
    }

    await page.getByRole('button', { name: 'Delete (1)' }).click();
    const question = page.getByRole('dialog', { name: 'Delete 1 task?' });
    await question.getByText('3 tasks of the selection have not ended, and stay.').waitFor();
    await stack.call('POST', `/v1/tasks/${ids[0]}/cancel`);
    await stack.endedTask(ids[0] ?? '');
    await page.getByText('Delete (2)').waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Delete: 1 of 1 done').waitFor();
    expect((await stack.call('GET', `/v1/tasks/${ids[0]}`)).status).toBe(200);

    await page.getByRole('button', { name: 'Cancel (2)' }).click();
    await page.getByRole('button', { name: 'Cancel them' }).click();
    await page.getByText('Cancel: 2 of 2 done').waitFor();
    for (const id of ids.slice(1)) {
      expect(await stack.endedTask(id)).toMatchObject({ error: { code: 'request_cancelled' } });
    }
  });

  test('a key that may only read gets no buttons to spend or to delete', async () => {
    const { id } = await create('Looked at');
    const operator = { authorization: `Bearer ${stack.keys.adminKey}` };
    const { body } = await stack.call('GET', `/v1/admin/tasks/${id}`, undefined, operator);
    const name = '<b>reader</b>\u202e';
    const reader = await issueKey(stack, { account: body.account, name, scopes: ['read'] });
    stack.tripwire.addResponse(JSON.stringify(reader));
    const page = await open({ url: `${stack.url}/console/tasks?text=Looked`, key: reader.api_key });
    await choose(page, 'Looked at').check();

    expect(await page.getByLabel('Key').textContent()).toContain('<b>reader</b>U+202E');
    const bar = page.getByLabel('Selected tasks');
    expect(await bar.getByRole('button').allTextContents()).toEqual([
      'Download (1)',
      'Select none',
    ]);
    expect((await stack.call('GET', `/v1/tasks/${id}`)).status).toBe(200);
  });

  test.each([
    ['table', 'light', 1440],
    ['grid', 'dark', 1440],
    ['table', 'dark', 360],
    ['grid', 'light', 360],
  ] as const)(
    'with a selection is without a violation of axe and no wider than its window: %s, %s, %d pixels',
    async (view, colorScheme, width) => {
      await create(`${'w'.repeat(300)} ${markup}`);
      const page = await open({
        url: `${stack.url}/console/tasks?view=${view}`,
        key: stack.keys.apiKey,
        colorScheme,
        viewport: { width, height: 800 },
      });
      await page.getByLabel(/Select all \d+ shown/).check();
      await page.getByLabel('Selected tasks').waitFor();

      expect([...(await violations(page)), await overflow(page)]).toEqual([0]);
    },
  );
});
