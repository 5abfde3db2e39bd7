import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { type Body, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider, openOwnStack } from './start-stack.ts';

// Usage, and what the operator reads and does, with real tasks: completed, completed in part, refused, with a provider
// that does not answer, cancelled, with a callback that nobody accepts, and beyond a budget.

let stack: TestStack;
let imageServer: Receiver;

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await openOwnStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});

const admin = (method: string, path: string, body?: unknown) =>
  stack.call(method, `/v1/admin${path}`, body, { authorization: `Bearer ${stack.keys.adminKey}` });

/** An account with a key, and what a test does with it. */
async function customer(id: string, { name = `${id}'s`, credits = 100 } = {}) {
  await admin('POST', '/accounts', { id });
  await admin('POST', `/accounts/${id}/credits`, { credits });
  const { body } = await admin('POST', '/keys', { account: id, name });
  const authorization = `Bearer ${body.api_key}`;
  const call = (method: string, path: string, sent?: unknown) =>
    stack.call(method, path, sent, { authorization });
  const create = (more: object = {}) =>
    call('POST', '/v1/images/generations', {
      prompt: 'Make it snow',
      size: '768x768',
      image_urls: [`${imageServer.url}/sample.jpg`],
      ...more,
    });
  const ended = (task: string) =>
    until(
      () => call('GET', `/v1/tasks/${task}`).then((response) => response.body),
      ({ status }) => status === 'completed' || status === 'failed',
    );
  const run = async (more: object = {}) => ended((await create(more)).body.id);
  return { id, keyId: body.id as string, authorization, call, create, run, ended };
}

const today = () => new Date().toISOString().slice(0, 10);
const waiting = { image_urls: undefined, image_uploads: [{ content_type: 'image/jpeg' }] };

describe('the usage of an account', () => {
  test('has completed, partial, refused and cancelled tasks, and nothing of another account', async () => {
    const shop = await customer('usage-shop');
    const other = await customer('usage-other');
    await shop.run({ n: 2 });
    controlProvider(stack, { outcome: 'partial', times: 1 });
    const partial = await shop.run({ n: 2 });
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
    await shop.run();
    const { body: cancelled } = await shop.create(waiting);
    await shop.call('POST', `/v1/tasks/${cancelled.id}/cancel`);
    await shop.ended(cancelled.id);
    await other.run();

    const { status, body } = await shop.call('GET', '/v1/usage?group_by=day,key,model');

    expect(status).toBe(200);
    const images = 2 + partial.results.length;
    expect(body.data).toEqual([
      {
        object: 'usage',
        day: today(),
        key_id: shop.keyId,
        key_name: "usage-shop's",
        model: 'wan2.5-image-to-image',
        tasks: 4,
        failed: 2,
        images,
        credits: (images * 1200) / 1000,
        success_share: 0.5,
        seconds_p50: expect.any(Number),
        seconds_p95: expect.any(Number),
      },
    ]);
    expect(body).toMatchObject({ object: 'list', next_cursor: null, to: today() });
    const credits = await shop.call('GET', '/v1/credits');
    expect(body.data[0].credits).toBe(credits.body.data.user.used_credits);

    const both = await admin('GET', '/usage?group_by=account');
    const one = await admin('GET', '/usage?account=usage-other');
    const of = (account: string) => both.body.data.find((row: Body) => row.account === account);
    expect([of('usage-shop').tasks, of('usage-other').tasks]).toEqual([4, 1]);
    expect(of('usage-shop').provider_cost_usd).toBeNull();
    expect(one.body.data.map(({ tasks }: Body) => tasks)).toEqual([1]);
  });

  test('can be read as a table for a spreadsheet, which takes no name for a formula, also for a deleted key', async () => {
    const shop = await customer('usage-csv', { name: '=cmd|"/c calc"!A1, "x"' });
    await shop.run();
    const read = (query: string) =>
      fetch(`${stack.url}/v1/usage?${query}`, { headers: { authorization: shop.authorization } });

    const response = await read('group_by=key&format=csv');

    expect(response.headers.get('content-type')).toContain('text/csv');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="usage-/);
    const [names, row] = (await response.text()).split('\r\n');
    expect(names).toBe(
      'key_id,key_name,tasks,failed,images,credits,success_share,seconds_p50,seconds_p95',
    );
    expect(row).toContain(`${shop.keyId},"'=cmd|""/c calc""!A1, ""x""",1,0,1,1.2,1,`);
    await admin('DELETE', `/keys/${shop.keyId}`);
    const { body } = await admin('GET', '/usage?group_by=key&account=usage-csv');
    expect(body.data[0].key_name).toBe('=cmd|"/c calc"!A1, "x"');
  });

  test.each([
    ['from', 'from=2026-02-30'],
    ['group_by', 'group_by=account'],
    ['account', 'account=default'],
    ['cursor', 'cursor=x'],
  ])('asked for with a wrong %s answers 400 and names it', async (param, query) => {
    const { status, body } = await stack.call('GET', `/v1/usage?${query}`);

    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', param]);
  });
});

describe('an account', () => {
  test('that is disabled creates nothing from then on, in functions that have just served it, and its tasks stay', async () => {
    const shop = await customer('disabled');
    const { body: task } = await shop.create(waiting);

    await admin('PATCH', '/accounts/disabled', { enabled: false });

    const refused = await Promise.all(Array.from({ length: 5 }, () => shop.create(waiting)));
    expect(refused.map(({ status, body }) => [status, body.error?.code])).toEqual(
      Array(5).fill([401, 'KEY_DISABLED']),
    );
    expect((await admin('GET', '/accounts/disabled')).body).toMatchObject({
      enabled: false,
      tasks_in_flight: 1,
    });
    // A function that has cached the disabled account may refuse for a minute more.
    const enabled = await admin('PATCH', '/accounts/disabled', { enabled: true });
    expect(enabled.body).toMatchObject({ enabled: true });
    expect((await admin('GET', `/tasks/${task.id}`)).body).toMatchObject({ status: 'pending' });
  });

  test('at its daily budget is refused with 402 if it stops there, and else goes on', async () => {
    const shop = await customer('budget');
    await admin('PATCH', '/accounts/budget', { daily_budget_credits: 3, stop_at_budget: true });

    const at = await Promise.all([1, 2, 3, 4].map(() => shop.create(waiting)));

    expect(at.map(({ status }) => status).sort()).toEqual([200, 200, 402, 402]);
    expect(at.find(({ status }) => status === 402)?.body.error).toMatchObject({
      code: 'daily_budget_exhausted',
      type: 'insufficient_quota',
      daily_budget_credits: 3,
      remaining_credits: 0.6,
      estimated_credits: 1.2,
    });
    await admin('PATCH', '/accounts/budget', { stop_at_budget: false });
    expect((await shop.create(waiting)).status).toBe(200);
    expect((await admin('GET', '/accounts/budget')).body.credits.reserved).toBe(3.6);
  });
});

describe('the operator', () => {
  test('sees the providers: which have a key, their capacity, and what they have rejected', async () => {
    const shop = await customer('providers-shop');
    const { body: before } = await admin('GET', '/providers');
    const countIn = (list: Body, wanted: string) =>
      list.data[0].rejections.find(({ code }: Body) => code === wanted)?.count ?? 0;
    controlProvider(stack, { submit: 'refused', times: 1 });

    const task = await shop.run();

    const { body } = await admin('GET', '/providers');
    expect(body.data.map(({ id }: Body) => id)).toEqual(providerNames);
    expect(task.status).toBe('failed');
    expect(countIn(body, task.error.code)).toBe(countIn(before, task.error.code) + 1);
    expect(body.data[0]).toMatchObject({
      position: 1,
      has_key: true,
      models: expect.arrayContaining([
        { id: 'wan2.5-image-to-image', typical_seconds: expect.any(Number) },
      ]),
      slots: expect.arrayContaining([
        expect.objectContaining({ name: expect.stringContaining('dashscope'), waiting: 0 }),
      ]),
    });
    expect(Object.keys(body.data[0])).not.toContain('key');
    const response = await shop.call('GET', '/v1/admin/providers');
    expect([response.status, response.body.error.code]).toEqual([403, 'permission_denied']);
  });

  test('can have the stored key of a provider tried, which creates no job', async () => {
    const { mockProvider } = stack;
    const jobs = async () =>
      ((await (await fetch(`${mockProvider.url}/control`)).json()) as Body).counts.submits;
    const before = await jobs();

    const { status, body } = await admin('POST', '/providers/dashscope/try');
    expect(status).toBe(200);
    expect(body).toEqual({
      object: 'provider_trial',
      provider: 'dashscope',
      result: 'accepted',
      status: expect.any(Number),
      ms: expect.any(Number),
    });
    expect(await jobs()).toBe(before);
    const unknown = await admin('POST', '/providers/nobody/try');
    expect([unknown.status, unknown.body.error.param]).toEqual([400, 'provider']);
    const shop = await customer('tries-shop');
    expect((await shop.call('POST', '/v1/admin/providers/dashscope/try')).status).toBe(403);
  });

  test('finds tasks of all accounts by their results, and reads how far each is', async () => {
    const shop = await customer('found-shop');
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed', times: 1 });
    const refused = await shop.run();
    const done = await shop.run();
    const { body: open } = await shop.create(waiting);

    const find = async (query: string) =>
      (await admin('GET', `/tasks?account=found-shop&${query}`)).body.data.map(
        ({ id }: Body) => id,
      );
    expect(await find('')).toEqual([open.id, done.id, refused.id]);
    expect(await find('code=content_policy_violation')).toEqual([refused.id]);
    expect(await find('status=completed&provider=dashscope')).toEqual([done.id]);
    const everywhere = await admin('GET', '/tasks?limit=100');
    expect(everywhere.body.data.map(({ id }: Body) => id)).toEqual(
      expect.arrayContaining([open.id, done.id, refused.id]),
    );

    const { body } = await admin('GET', `/tasks/${refused.id}`);
    expect(body).toMatchObject({
      account: 'found-shop',
      key_id: shop.keyId,
      code: 'content_policy_violation',
      provider: 'dashscope',
      // The local provider has no limits, so no job has a slot.
      internals: {
        ticket: expect.any(String),
        slot: null,
        lane: 'interactive',
        queued_at: null,
        execution: 1,
      },
      callback_attempts: null,
    });
    expect(JSON.stringify(body)).not.toMatch(/Make it snow|sample\.jpg/);
    expect((await admin('GET', '/tasks/task-unified-1757156493-imcg5zqt')).status).toBe(404);
  });

  test('cancels a task of any account, and has a task checked at once', async () => {
    controlProvider(stack, { seconds: 600 });
    const shop = await customer('acts-shop');
    const { body: open } = await shop.create(waiting);
    const { body: running } = await shop.create();
    await until(
      () => admin('GET', `/tasks/${running.id}`),
      ({ body }) => body.internals.is_waiting,
    );

    const cancelled = await admin('POST', `/tasks/${open.id}/cancel`);
    const check = await admin('POST', `/tasks/${running.id}/check`);

    expect([cancelled.status, cancelled.body.cancel_requested_at]).toEqual([
      200,
      expect.any(Number),
    ]);
    expect(await shop.ended(open.id)).toMatchObject({ error: { code: 'request_cancelled' } });
    expect(check.body).toEqual({
      object: 'task_check',
      task_id: running.id,
      result: expect.stringMatching(/^(woken|running)$/),
    });
    expect((await admin('POST', `/tasks/${open.id}/check`)).body.error.code).toBe('task_ended');
    await shop.call('POST', `/v1/tasks/${running.id}/cancel`);
  });

  test('and the account itself send callbacks again: one, and all that were given up', async () => {
    const shop = await customer('told-shop');
    const down = await startReceiver(...Array(6).fill(500), 200);
    const { body: task } = await shop.create({ callback_url: `${down.url}/done?token=secret` });
    const given = await until(
      () => admin('GET', `/tasks/${task.id}`),
      ({ body }) => body.callback === 'undelivered',
    );
    expect(given.body.callback_attempts).toMatchObject({
      host: new URL(down.url).host,
      count: 6,
      last: expect.arrayContaining([expect.objectContaining({ status: 500 })]),
    });
    expect(JSON.stringify(given.body)).not.toContain('secret');
    const undelivered = await admin('GET', '/tasks?callback=undelivered&account=told-shop');
    expect(undelivered.body.data).toHaveLength(1);

    const stranger = await customer('told-other');
    const list = await shop.call('GET', '/v1/webhooks/deliveries?status=undelivered');
    expect(list.body.data).toEqual([
      {
        object: 'webhook_delivery',
        task_id: task.id,
        event_id: expect.stringContaining(task.id),
        status: 'undelivered',
        url: `${down.url}/done`,
        task_created_at: task.created,
        task_completed_at: expect.any(Number),
        attempt_count: 6,
        last_attempt: {
          at: expect.any(Number),
          ms: expect.any(Number),
          status: 500,
          reason: expect.stringContaining('500'),
          response_text: null,
        },
        next_attempt_at: null,
      },
    ]);
    const others = ['', '?status=undelivered', `?cursor=${btoa(`[9999999999999,"${task.id}"]`)}`];
    for (const query of others) {
      const { status, body } = await stranger.call('GET', `/v1/webhooks/deliveries${query}`);
      expect([status, body.data]).toEqual([200, []]);
    }
    const nothing = await stranger.call('POST', '/v1/tasks/callbacks', { since: 0 });
    const own = await shop.call('POST', '/v1/tasks/callbacks', { since: 0 });

    expect(nothing.body).toMatchObject({ scheduled: 0, has_more: false });
    expect(own.body).toMatchObject({ account: 'told-shop', scheduled: 1, has_more: false });
    await until(
      () => admin('GET', `/tasks/${task.id}`),
      ({ body }) => body.callback === 'delivered',
    );
    const after = await shop.call('GET', '/v1/webhooks/deliveries');
    expect(after.body.data).toMatchObject([{ task_id: task.id, status: 'delivered' }]);
    const again = await admin('POST', '/accounts/told-shop/callbacks', { since: 0 });
    const once = await admin('POST', `/tasks/${task.id}/callback`);
    expect([again.body.scheduled, once.body.callback]).toEqual([0, 'pending']);
    await until(
      () => down.received,
      ({ length }) => length === 8,
    );
    await down.close();
  });
});
