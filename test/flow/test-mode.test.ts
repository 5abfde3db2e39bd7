import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { testLimits } from '../../functions/domain/model/mode.ts';
import { toCredits } from '../../functions/domain/model/money.ts';
import { jpeg, png } from '../support/pictures.ts';
import { type Body, mockProviderState, openStack, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';

const price = 1200;
const play = testLimits.milliCreditsPerDay;

let imageServer: Receiver;
let receiver: Receiver;
let stack: TestStack;
/** The lines with which functions add to metrics. */
const metricLines: string[] = [];

beforeAll(async () => {
  imageServer = await serveImages({
    '/sample.jpg': readFileSync('cli/sample.jpg'),
    '/small.png': png(400, 400),
  });
  receiver = await startReceiver(200);
  stack = await openStack({
    outdir: inject('outdir'),
    // The order of the providers applies to live tasks only.
    parameters: { Providers: 'fal' },
    onLog: (_source, line) => {
      if (line.includes('"_aws"')) metricLines.push(line);
    },
  });
});
afterAll(async () => {
  await stack?.close();
  await receiver?.close();
  await imageServer?.close();
});

const generation = (prompt: string, more: object = {}) => ({
  prompt,
  image_urls: [`${imageServer.url}/sample.jpg`],
  ...more,
});

/** Makes a test task and waits for its end. */
async function playTask(prompt: string, more: object = {}): Promise<Body> {
  const { status, body } = await stack.testMode.create(generation(prompt, more));
  expect(status, JSON.stringify(body)).toBe(200);
  return stack.testMode.endedTask(body.id);
}

describe('the sandbox', () => {
  test('returns the first picture, marked as its output in the file and in the task, and costs play credits', async () => {
    const live = await stack.account();

    const task = await playTask('Make it snow');

    expect(task).toMatchObject({
      status: 'completed',
      livemode: false,
      sandbox: true,
      usage: { credits_used: toCredits(price) },
    });
    const response = await fetch(task.results[0]);
    expect(response.status).toBe(200);
    const file = Buffer.from(await response.arrayBuffer());
    expect(file.includes('Darkroom sandbox output')).toBe(true);
    const input = readFileSync('cli/sample.jpg');
    expect(file.subarray(-input.length + 2).equals(input.subarray(2))).toBe(true);
    const account = await stack.testMode.account();
    expect(account).toEqual({
      granted: play,
      balance: play - price,
      reserved: 0,
      used: price,
      inFlight: 0,
    });
    expect(await stack.account()).toEqual(live);
  });

  test('[fail: …] fails with that code, and nothing is charged', async () => {
    const before = await stack.testMode.account();

    const task = await playTask('Make it snow [fail: content_policy_violation]');

    expect(task).toMatchObject({
      status: 'failed',
      error: { code: 'content_policy_violation', type: 'task_error' },
      usage: { credits_used: 0, credits_returned: toCredits(price) },
    });
    expect(await stack.testMode.account()).toEqual(before);
  });

  test('[seconds: …] takes that long, and meanwhile its one slot is taken: the next task waits in the queue', async () => {
    const { body: slow } = await stack.testMode.create(generation('[seconds: 6] Make it snow'));
    await until(
      () => stack.testMode.call('GET', `/v1/tasks/${slow.id}`),
      ({ body }) => body.status === 'processing',
    );
    const { body: next } = await stack.testMode.create(generation('Make it snow'));

    const queued = await until(
      () => stack.testMode.call('GET', `/v1/tasks/${next.id}`),
      ({ body }) => body.task_info.queue_position !== undefined,
    );

    expect(queued.body).toMatchObject({ status: 'pending', task_info: { queue_position: 1 } });
    const ended = await stack.testMode.endedTask(slow.id);
    expect(ended.status).toBe('completed');
    expect(ended.completed_at - ended.started_at).toBeGreaterThanOrEqual(5);
    expect(await stack.testMode.endedTask(next.id)).toMatchObject({ status: 'completed' });
  });

  test('[partial: …] makes so many images, and charges those alone', async () => {
    const task = await playTask('[partial: 2]', { n: 3 });

    expect(task).toMatchObject({
      status: 'completed',
      result_errors: [{ code: 'generation_failed_no_content' }],
      usage: { credits_used: toCredits(2 * price), credits_returned: toCredits(price) },
    });
    expect(task.results).toHaveLength(2);
  });

  test.each([
    ['[busy]', 'at first: the submit is retried'],
    ['[busy: 3]', 'for longer: the task waits in the queue'],
  ])('%s refuses the job %s, and takes it in the end', async (prompt) => {
    expect(await playTask(prompt)).toMatchObject({ status: 'completed', sandbox: true });
  });

  test('[unknown] gives no clear answer: the task fails, is not charged, and the slot is free for the next', async () => {
    expect(await playTask('[unknown]')).toMatchObject({
      status: 'failed',
      error: { code: 'service_error' },
      usage: { credits_used: 0 },
    });
    expect(await playTask('Make it snow')).toMatchObject({ status: 'completed' });
  });

  test.each([
    ['[fail: nonsense]', 'In test mode [fail: …] takes one of: content_policy_violation'],
    ['[seconds: 1000]', 'In test mode [seconds: …] takes a whole number from 0 to 120'],
  ])('an unknown effect is refused with 400 and changes nothing: %s', async (prompt, message) => {
    const before = await stack.testMode.account();

    const { status, body } = await stack.testMode.create(generation(prompt));

    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', 'prompt']);
    expect(body.error.message).toContain(message);
    expect(await stack.testMode.account()).toEqual(before);
  });

  test('a live task uses such a prompt as it is, and never goes to the sandbox', async () => {
    const { body } = await stack.create(generation('[fail: nonsense] [unknown]'));

    const task = await stack.endedTask(body.id);

    expect(task).toMatchObject({ status: 'completed', livemode: true });
    expect(task).not.toHaveProperty('sandbox');
    expect((await mockProviderState(stack)).counts).toMatchObject({ accepted: 1 });
  });
});

test('the callback of a test task is signed and delivered as a live one, and says which mode it is', async () => {
  const task = await playTask('Make it snow', { callback_url: `${receiver.url}/hook` });

  const [sent] = await until(
    () => receiver.received.filter(({ body }) => body.includes(task.id)),
    ({ length }) => length > 0,
  );
  expect(sent?.headers).toMatchObject({ 'webhook-id': `evt-${task.id}` });
  expect(sent?.headers['webhook-signature']).toMatch(/^v1,/);
  expect(JSON.parse(sent?.body ?? '')).toMatchObject({ livemode: false, sandbox: true });
});

describe('the two modes never meet', () => {
  const modes = () =>
    [
      ['live', stack, stack.testMode],
      ['test', stack.testMode, stack],
    ] as const;

  test('a task of one mode is not found by the key of the other, and is in none of its lists', async () => {
    for (const [mode, own, other] of modes()) {
      const { body } = await own.create(generation('Make it snow'));
      await own.endedTask(body.id);
      const path = `/v1/tasks/${body.id}`;
      for (const [method, of] of [
        ['GET', path],
        ['POST', `${path}/cancel`],
        ['POST', `${path}/callback`],
        ['DELETE', path],
      ] as const) {
        const { status, body: answer } = await other.call(method, of);
        expect([mode, method, of, status, answer.error.code]).toEqual([
          mode,
          method,
          of,
          404,
          'task_not_found',
        ]);
      }
      const ids = async (from: typeof own) =>
        (await from.call('GET', '/v1/tasks?limit=100')).body.data.map(({ id }: Body) => id);
      expect([await ids(own), await ids(other)]).toEqual([
        expect.arrayContaining([body.id]),
        expect.not.arrayContaining([body.id]),
      ]);
      const batch = await other.call('POST', '/v1/tasks/batch', { task_ids: [body.id] });
      expect(JSON.stringify(batch.body)).not.toContain('results');
    }
  });

  test('an idempotency key of one mode is new in the other', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const live = await stack.create(generation('Make it snow'), headers);
    const played = await stack.testMode.create(generation('Make it snow'), headers);

    expect(played.body.id).not.toBe(live.body.id);
    expect([live.body.livemode, played.body.livemode]).toEqual([true, false]);
    await Promise.all([stack.endedTask(live.body.id), stack.testMode.endedTask(played.body.id)]);
  });

  test('an uploaded file of one mode is no input of the other', async () => {
    for (const [, own, other] of modes()) {
      const { body: file } = await own.call('POST', '/v1/files', { content_type: 'image/jpeg' });
      const form = new FormData();
      for (const [name, value] of Object.entries(file.upload.fields)) form.append(name, `${value}`);
      form.append('file', new Blob([jpeg(400, 400)]));
      expect((await fetch(file.upload.url, { method: 'POST', body: form })).ok).toBe(true);

      const { body } = await other.create({ prompt: 'Make it snow', image_urls: [file.url] });

      expect((await other.endedTask(body.id)).error).toMatchObject({
        code: 'image_processing_error',
      });
      const found = await other.call('GET', new URL(file.url).pathname);
      expect([found.status, found.body.error.code]).toEqual([404, 'file_not_found']);
    }
  });

  test('the operator finds test tasks when he asks for them, with the name of their account', async () => {
    const { body: task } = await stack.testMode.create(generation('Make it snow'));
    await stack.testMode.endedTask(task.id);
    const authorization = `Bearer ${stack.keys.adminKey}`;
    const find = async (query: string) =>
      (await stack.call('GET', `/v1/admin/tasks?${query}`, undefined, { authorization })).body.data;

    for (const query of ['mode=test', 'mode=test&account=default']) {
      expect(await find(query), query).toContainEqual(
        expect.objectContaining({
          id: task.id,
          account: 'default',
          livemode: false,
          provider: 'sandbox',
        }),
      );
    }
    for (const query of ['', 'account=default']) {
      const ids = (await find(query)).map(({ id }: Body) => id);
      expect(ids, query).not.toContain(task.id);
    }
    const { body: accounts } = await stack.call('GET', '/v1/admin/accounts', undefined, {
      authorization,
    });
    expect(accounts.data.map(({ id }: Body) => id)).not.toContainEqual(
      expect.stringContaining('test'),
    );
    const one = await stack.call('GET', '/v1/admin/accounts/default.test', undefined, {
      authorization,
    });
    expect([one.status, one.body.error.code]).toEqual([404, 'account_not_found']);
  });
});

test('play credits run out with 402, do not count in the balance and the usage of the account, and are shown to a test key', async () => {
  const other = await stack.withAccount('player');
  const authorization = `Bearer ${stack.keys.adminKey}`;
  const { body: key } = await stack.call(
    'POST',
    '/v1/admin/keys',
    { account: 'player', name: 'test', mode: 'test' },
    { authorization },
  );
  expect(key).toMatchObject({ mode: 'test', account: 'player', scopes: ['generate'] });
  expect(key.api_key).toMatch(/^sk-dr-test-[A-Za-z0-9]{43}$/);
  const asTest = { authorization: `Bearer ${key.api_key}` };
  const credits = async () => (await stack.call('GET', '/v1/credits', undefined, asTest)).body.data;
  expect(await credits()).toMatchObject({ user: { remaining_credits: toCredits(play) } });

  const affordable = Math.floor(play / (4 * price));
  const answers: Body[] = [];
  for (let index = 0; index <= affordable; index += 1) {
    const sent = { prompt: 'Make it snow', n: 4, image_uploads: [{ content_type: 'image/jpeg' }] };
    answers.push(await stack.call('POST', '/v1/images/generations', sent, asTest));
  }

  const left = toCredits(play - affordable * 4 * price);
  expect(answers.map(({ status }) => status)).toEqual([...Array(affordable).fill(200), 402]);
  expect(answers.at(-1).body.error).toMatchObject({
    code: 'insufficient_quota',
    account_balance_credits: left,
  });
  expect(await credits()).toMatchObject({ user: { remaining_credits: left } });
  expect(await other.account()).toMatchObject({ balance: 1_000_000, reserved: 0 });
  const { body: usage } = await other.call('GET', '/v1/usage');
  expect(usage.data).toEqual([]);
});

test('a test key manages nothing, and cannot get the scope to manage', async () => {
  const authorization = `Bearer ${stack.keys.adminKey}`;
  const asOperator = (method: string, path: string, body?: object) =>
    stack.call(method, path, body, { authorization });

  const made = await asOperator('POST', '/v1/admin/keys', {
    name: 'x',
    mode: 'test',
    scopes: ['manage'],
  });
  expect([made.status, made.body.error.param]).toEqual([400, 'scopes']);
  const { body: key } = await asOperator('POST', '/v1/admin/keys', { name: 'x', mode: 'test' });
  const changed = await asOperator('PATCH', `/v1/admin/keys/${key.id}`, { scopes: ['admin'] });
  expect([changed.status, changed.body.error.param]).toEqual([400, 'scopes']);
  const keys = await stack.testMode.call('GET', '/v1/admin/keys');
  expect([keys.status, keys.body.error.code]).toEqual([403, 'permission_denied']);
});

test('nothing of test mode is in the metrics, however its tasks end', async () => {
  const before = metricLines.length;

  for (const prompt of ['Make it snow', '[fail: service_error]', '[busy: 3]', '[unknown]']) {
    await playTask(prompt);
  }
  await stack.reconcile();

  expect(metricLines.slice(before)).toEqual([]);
  const { body } = await stack.create(generation('Make it snow'));
  await stack.endedTask(body.id);
  await until(
    () => metricLines.slice(before).join(),
    (lines) => lines.includes('TaskCompleted'),
  );
});
