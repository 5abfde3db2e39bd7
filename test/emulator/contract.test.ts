import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import sharp from 'sharp';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, type TestContext, test } from 'vitest';
import * as z from 'zod';
import { consoleLink } from '../../cli/console-link.ts';
import {
  CallbackFailed,
  InputUnavailable,
  NoFreeSlot,
  ProviderBusy,
  ResultUnavailable,
  TaskFailed,
} from '../../functions/domain/model/workflow-errors.ts';
import { type Body, upload } from '../flow/open-stack.ts';
import { type Receiver, serveImages, startReceiver } from '../flow/receiver.ts';
import { png } from '../support/pictures.ts';
import {
  type Caller,
  clientOptions,
  type Deployment,
  deploy,
  forbiddenPrompt,
  waitFor,
} from './deployment.ts';

// The unmodified stage `dev` with its default settings, in an emulator that we did not write: the contract as a
// caller sees it, with permissions evaluated by the emulator's own IAM. A task takes as long as on AWS, so the tests
// run at the same time, each with an account of its own.

const emulator = inject('emulator');
const sample = readFileSync('cli/sample.jpg');
const generation = { prompt: 'Replace the background with a starry sky', size: '768x768' };
const image_uploads = [{ content_type: 'image/jpeg' }];
const workflowErrors = new Set<string>([
  CallbackFailed.code,
  InputUnavailable.code,
  NoFreeSlot.code,
  ProviderBusy.code,
  ResultUnavailable.code,
  TaskFailed.code,
]);

describe.skipIf(!emulator)('the stage dev in the emulator', () => {
  let deployment: Deployment;
  let admin: Caller;
  let images: Receiver;
  let imageUrl: string;

  beforeAll(async () => {
    if (!emulator) return;
    images = await serveImages({
      '/sample.jpg': sample,
      '/transparent.png': png(400, 400, { colourType: 6 }),
    });
    imageUrl = `${images.url}/sample.jpg`;
    deployment = await deploy(emulator);
    admin = deployment.admin;
  });
  afterAll(async () => {
    await deployment?.close();
    await images?.close();
  });

  /** Makes an account with credits, and a key of it. */
  async function customer(account: string, { credits = 10, limits = {}, key = {} } = {}) {
    const made = await admin.call('POST', '/v1/admin/accounts', { id: account, limits });
    await admin.call('POST', `/v1/admin/accounts/${account}/credits`, { credits });
    const issued = await admin.call('POST', '/v1/admin/keys', { account, name: 'its', ...key });
    expect([made.status, issued.status]).toEqual([200, 200]);
    return {
      ...deployment.callerWith(issued.body.api_key),
      keyId: issued.body.id,
      webhookSecret: made.body.webhook_secret,
      credits: async () => (await admin.call('GET', `/v1/admin/accounts/${account}`)).body.credits,
    };
  }

  /** A server that gets callbacks, until the test is over. */
  async function receiverFor({ onTestFinished }: TestContext, ...statuses: number[]) {
    const receiver = await startReceiver(...statuses);
    onTestFinished(() => receiver.close());
    return receiver;
  }

  const callbacksOf = ({ received }: Receiver, count: number) =>
    waitFor(
      () => received,
      ({ length }) => length >= count,
    );

  test('has every resource of the template', () => {
    // The only condition is an address for alarms, which is not given here.
    const wanted = Object.entries(template().Resources).flatMap(([id, { Condition }]) =>
      Condition === undefined ? [id] : [],
    );

    expect(wanted.length).toBeGreaterThan(150);
    expect(deployment.resources.map(({ id }) => id).sort()).toEqual(wanted.sort());
    expect(new Set(deployment.resources.map(({ status }) => status))).toEqual(
      new Set(['CREATE_COMPLETE']),
    );
  });

  // These three tests change the mock provider, so they run before all others.
  test('a task that the first provider rejects goes to the next one, whose webhook ends the wait', async () => {
    deployment.mockProvider.control({ submit: 'refused', code: 'Arrearage', times: 1 });
    const { create, endedTask } = await customer('fallback');
    const wakeUps = () =>
      deployment.emulator
        .log('decision')
        .filter(({ action }) => action === 'states:SendTaskFailure');
    const before = wakeUps().length;
    const { body } = await create({ ...generation, image_urls: [imageUrl] });

    expect(await endedTask(body.id)).toMatchObject({ status: 'completed' });
    expect(wakeUps()).toHaveLength(before + 1);
  });

  test('a task that is cancelled while the provider has it queued ends without a charge', async () => {
    deployment.mockProvider.control({ durations: [600] });
    const { create, call, endedTask, credits } = await customer('cancelled-at-provider');
    const { body } = await create({ ...generation, image_urls: [imageUrl] });
    await waitFor(
      () => call('GET', `/v1/tasks/${body.id}`),
      (response) => response.body.status === 'processing',
    );

    const { status } = await call('POST', `/v1/tasks/${body.id}/cancel`);

    expect(status).toBe(200);
    expect(await endedTask(body.id)).toMatchObject({
      status: 'failed',
      error: { code: 'request_cancelled' },
      usage: { credits_used: 0 },
    });
    expect(await credits()).toEqual({ granted: 10, balance: 10, reserved: 0, used: 0 });
  });

  test('a task waits while every provider is full, and is generated when a slot is free; one that is cancelled meanwhile costs nothing', async () => {
    // The template's own capacity of DashScope: five jobs run, and one waits there.
    const slots = 6;
    deployment.mockProvider.control({
      durations: Array(slots).fill(45),
      capacity: { evolink: { running: 0, queued: 0 } },
    });
    const { create, call, endedTask, credits } = await customer('queued');
    const created = await Promise.all(
      Array.from({ length: slots + 2 }, () => create({ ...generation, image_urls: [imageUrl] })),
    );
    const ids: readonly string[] = created.map(({ body }) => body.id);
    const statuses = () =>
      Promise.all(ids.map(async (id) => (await call('GET', `/v1/tasks/${id}`)).body.status));
    const waits = () =>
      deployment.emulator.log('failure').filter(({ error }) => error === NoFreeSlot.code).length;
    await waitFor(waits, (count) => count >= 2);
    const during = await waitFor(
      statuses,
      (all) => all.filter((status) => status !== 'pending').length === slots,
    );
    const [one = '', other = ''] = ids.filter((_, index) => during[index] === 'pending');
    deployment.mockProvider.control({ capacity: { evolink: 'unlimited' } });

    expect((await call('POST', `/v1/tasks/${other}/cancel`)).status).toBe(200);

    expect(await endedTask(other)).toMatchObject({
      status: 'failed',
      error: { code: 'request_cancelled' },
    });
    expect(await endedTask(one)).toMatchObject({ status: 'completed' });
    for (const id of ids) await endedTask(id);
    expect(await credits()).toEqual({ granted: 10, balance: 1.6, reserved: 0, used: 8.4 });
  }, 240_000);

  describe.concurrent('a task', () => {
    test('with a test key runs through the sandbox, and costs play credits alone', async () => {
      const { create, endedTask, credits } = await customer('player', { key: { mode: 'test' } });
      const { body } = await create({ ...generation, image_urls: [imageUrl] });

      expect(await endedTask(body.id)).toMatchObject({
        status: 'completed',
        livemode: false,
        sandbox: true,
      });
      expect(await credits()).toMatchObject({ balance: 10, reserved: 0, used: 0 });
    });

    test('with pictures by URL completes; its result is a picture, and the image is charged', async () => {
      const { create, call, endedTask } = deployment.first;
      const created = await create({ ...generation, n: 2, image_urls: [imageUrl] });
      const during = await call('GET', '/v1/credits');

      const task = await endedTask(created.body.id);

      expect(created.status).toBe(200);
      expect(created.body).toEqual({
        created: expect.any(Number),
        id: expect.stringMatching(/^task-unified-\d{10}-[a-z0-9]{8}$/),
        model: 'wan2.5-image-to-image',
        object: 'image.generation.task',
        progress: 0,
        status: 'pending',
        task_info: { can_cancel: true, estimated_time: 30 },
        type: 'image',
        livemode: true,
        usage: { billing_rule: 'per_call', credits_reserved: 2.4, user_group: 'default' },
      });
      expect(during.body.data.user).toEqual({ remaining_credits: 97.6, used_credits: 0 });
      expect(task).toMatchObject({
        id: created.body.id,
        status: 'completed',
        progress: 100,
        results: [expect.stringContaining('/v1/results/'), expect.any(String)],
        usage: { credits_used: 2.4 },
      });
      for (const link of task.results) {
        // A plain GET by the link in the body, which redirects to a link into the bucket.
        const { status, headers } = await call('GET', link, undefined, { authorization: '' });
        const result = await fetch(headers.get('location') ?? '');
        const { width, height, format } = await sharp(await result.arrayBuffer()).metadata();

        expect([status, result.headers.get('content-type')]).toEqual([302, 'image/png']);
        expect({ width, height, format }).toEqual({ width: 768, height: 768, format: 'png' });
      }
      const forged = await call('GET', task.results[0].replace(/signature=/, 'signature=x'));
      expect(forged).toMatchObject({ status: 403, body: { error: { code: 'permission_denied' } } });
      const after = await call('GET', '/v1/credits');
      expect(after.body.data.user).toEqual({ remaining_credits: 97.6, used_credits: 2.4 });
    });

    test('has thumbnails of its input and its image', async () => {
      const { create, call, endedTask } = await customer('thumbnails');
      const { body: created } = await create({ ...generation, image_urls: [imageUrl] });
      await endedTask(created.id);
      const request = { task_ids: [created.id], thumbnails: true };

      const links = await waitFor(
        async () => {
          const { body } = await call('POST', '/v1/tasks/batch', request);
          const { inputs, results } = body.data[0].thumbnails;
          return [...inputs, ...results];
        },
        (all) => all.every((link: unknown) => link !== null),
      );

      expect(links).toHaveLength(2);
      for (const link of links) {
        const thumbnail = await fetch(link);
        const { width, height, format } = await sharp(await thumbnail.arrayBuffer()).metadata();
        expect(thumbnail.headers.get('content-type')).toBe('image/jpeg');
        expect([format, Math.max(width, height)]).toEqual(['jpeg', 320]);
      }
    });

    test('with uploads starts when the last one has arrived', async () => {
      const { create, call, endedTask } = await customer('uploads');
      const { body } = await create({
        ...generation,
        image_uploads: [...image_uploads, ...image_uploads],
      });
      const [first, second] = body.uploads;

      expect(await upload(second, sample)).toBe(204);
      expect((await call('GET', `/v1/tasks/${body.id}`)).body.status).toBe('pending');
      expect(await upload(first, sample)).toBe(204);

      expect(await endedTask(body.id)).toMatchObject({ status: 'completed' });
    });

    test('can use a file that was uploaded before', async () => {
      const { create, call, endedTask } = await customer('files');
      const { body: file } = await call('POST', '/v1/files', { content_type: 'image/jpeg' });
      expect(await upload(file.upload, sample)).toBe(204);

      const { body } = await create({ ...generation, image_urls: [file.url] });

      expect(await endedTask(body.id)).toMatchObject({ status: 'completed' });
    });

    test('can use a file that its account reads by its id before', async () => {
      const { call } = await customer('owned-file');
      const { body: file } = await call('POST', '/v1/files', { content_type: 'image/jpeg' });
      expect(await upload(file.upload, sample)).toBe(204);

      const read = await call('GET', `/v1/files/${file.id}`);

      expect(read.status).toBe(200);
      expect(Buffer.compare(Buffer.from(read.body), sample)).toBe(0);
    });

    test('whose picture has an alpha channel fails, says why, and costs nothing', async () => {
      const { create, endedTask, credits } = await customer('transparent');
      const { body } = await create({
        ...generation,
        image_urls: [`${images.url}/transparent.png`],
      });

      expect(await endedTask(body.id)).toMatchObject({
        status: 'failed',
        error: { code: 'image_processing_error', type: 'task_error' },
        usage: { credits_used: 0 },
      });
      expect(await credits()).toEqual({ granted: 10, balance: 10, reserved: 0, used: 0 });
    });

    test('that the provider refuses fails and costs nothing, and the signed callback says so', async (context) => {
      const { create, endedTask, webhookSecret } = await customer('refused');
      const receiver = await receiverFor(context, 204);
      const { body } = await create({
        ...generation,
        prompt: forbiddenPrompt,
        callback_url: receiver.url,
        image_urls: [imageUrl],
      });

      const task = await endedTask(body.id);
      const [callback] = await callbacksOf(receiver, 1);

      expect(task).toMatchObject({
        status: 'failed',
        error: { code: 'content_policy_violation' },
        usage: { credits_used: 0 },
      });
      expect(verified(callback, webhookSecret)).toMatchObject({ id: body.id, error: task.error });
    });

    test('has a callback that is signed, repeated after an error, and sent again on request', async (context) => {
      const { create, call, endedTask, webhookSecret } = await customer('callbacks');
      const receiver = await receiverFor(context, 500, 200);
      const { body } = await create({
        ...generation,
        callback_url: `${receiver.url}/done`,
        image_urls: [imageUrl],
      });

      const attempts = await callbacksOf(receiver, 2);
      const task = await waitFor(
        () => endedTask(body.id),
        ({ callback }) => callback.status === 'delivered',
      );
      const again = await call('POST', `/v1/tasks/${body.id}/callback`);
      await callbacksOf(receiver, 3);

      for (const attempt of attempts) {
        expect(attempt.headers['webhook-id']).toBe(`evt-${body.id}`);
        expect(verified(attempt, webhookSecret)).toMatchObject({ id: body.id, usage: task.usage });
      }
      expect(again.status).toBe(200);
    });

    test('that waits for its uploads is cancelled at once, and only once', async () => {
      const { create, call, endedTask, credits } = await customer('cancelled');
      const { body } = await create({ ...generation, image_uploads });

      const first = await call('POST', `/v1/tasks/${body.id}/cancel`);
      const task = await endedTask(body.id);
      const second = await call('POST', `/v1/tasks/${body.id}/cancel`);

      expect(first.status).toBe(200);
      expect(task).toMatchObject({ status: 'failed', error: { code: 'request_cancelled' } });
      expect([second.status, second.body.error.code]).toEqual([409, 'task_ended']);
      expect(await credits()).toEqual({ granted: 10, balance: 10, reserved: 0, used: 0 });
    });

    test('that is deleted is gone with its pictures, and its charge stays', async () => {
      const { create, call, endedTask, credits } = await customer('deleted');
      const { body } = await create({ ...generation, image_uploads });
      const early = await call('DELETE', `/v1/tasks/${body.id}`);
      expect(await upload(body.uploads[0], sample)).toBe(204);
      const task = await endedTask(body.id);
      const followLink = () => call('GET', task.results[0], undefined, { authorization: '' });
      const picture = (await followLink()).headers.get('location') ?? '';
      expect((await fetch(picture)).status).toBe(200);

      const first = await call('DELETE', `/v1/tasks/${body.id}`);
      const second = await call('DELETE', `/v1/tasks/${body.id}`);

      const deleted = { object: 'image.generation.task', id: body.id, deleted: true };
      expect([early.status, early.body.error?.code]).toEqual([409, 'task_running']);
      expect([first.status, first.body]).toEqual([200, deleted]);
      expect([second.status, second.body]).toEqual([200, deleted]);
      expect((await call('GET', `/v1/tasks/${body.id}`)).status).toBe(404);
      expect((await followLink()).status).toBe(410);
      expect((await fetch(picture)).status).toBeGreaterThanOrEqual(400);
      expect(await credits()).toMatchObject({ balance: 8.8, used: 1.2 });
    });

    test('whose execution is stopped goes on in the next one', async () => {
      const { create, call, endedTask } = await customer('stopped');
      const { body } = await create({ ...generation, image_urls: [imageUrl] });
      await waitFor(
        () => call('GET', `/v1/tasks/${body.id}`),
        (response) => response.body.status === 'processing',
      );
      const machine = deployment.physicalId('WorkflowMachine');
      const client = new SFNClient(clientOptions(deployment.emulator.environment));
      const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${body.id}`;
      await client.send(new StopExecutionCommand({ executionArn })).finally(() => client.destroy());

      expect(await endedTask(body.id)).toMatchObject({ status: 'completed' });
    });
  });

  describe.concurrent('a request', () => {
    test.each([
      ['without a key', { authorization: '' }, 401, 'unauthorized'],
      [
        'with a key that was never issued',
        { authorization: 'Bearer sk-dr-x' },
        401,
        'unauthorized',
      ],
    ])('%s is refused', async (_, headers, status, code) => {
      const response = await deployment.first.create({ ...generation, image_uploads }, headers);

      expect([response.status, response.body.error]).toEqual([
        status,
        { code, type: 'authentication_error', message: expect.any(String), param: null },
      ]);
    });

    test.each([
      ['no prompt', { prompt: '' }, 'prompt'],
      ['n = 5', { n: 5 }, 'n'],
      ['a private callback address', { callback_url: 'https://10.0.0.1/' }, 'callback_url'],
      ['another model', { model: 'dall-e' }, 'model'],
    ])('with %s is refused, and the error names the field', async (_, change, param) => {
      const { status, body } = await deployment.first.create({
        ...generation,
        image_uploads,
        ...change,
      });

      expect([status, body.error]).toEqual([
        400,
        {
          code: 'invalid_request',
          type: 'invalid_request_error',
          message: expect.any(String),
          param,
        },
      ]);
    });

    test.each([
      ['GET', '/v1/tasks/task-unified-1757156493-imcg5zqt', 'task_not_found'],
      ['POST', '/v1/tasks/task-unified-1757156493-imcg5zqt/cancel', 'task_not_found'],
      ['DELETE', '/v1/tasks/task-unified-1757156493-imcg5zqt', 'task_not_found'],
      ['GET', '/v1/nothing', 'not_found'],
    ])('%s %s finds nothing', async (method, path, code) => {
      const { status, body } = await deployment.first.call(method, path);

      expect([status, body.error.code]).toEqual([404, code]);
    });

    test('to the webhook of a provider with a made-up secret gets the same empty response as any other', async () => {
      const path = '/v1/providers/fal/callbacks/task-unified-1757156493-imcg5zqt/made-up';

      expect((await deployment.first.call('POST', path, {})).status).toBe(200);
    });

    test.each(['/healthz', '/openapi.json', '/v1/models', '/v1/tasks?limit=1'])(
      'GET %s has its response',
      async (path) => {
        const { status, headers } = await deployment.first.call('GET', path);

        expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
        expect(headers.get('x-request-id')).toMatch(/\S/);
      },
    );

    test('above the balance is refused with 402, and nothing is reserved', async () => {
      const { create, credits } = await customer('poor', { credits: 1 });

      const { status, body } = await create({ ...generation, image_uploads });

      expect([status, body.error]).toMatchObject([
        402,
        { code: 'insufficient_quota', estimated_credits: 1.2, account_balance_credits: 1 },
      ]);
      expect(await credits()).toMatchObject({ balance: 1, reserved: 0 });
    });

    test('above a limit of its key is refused with 402, until the limit is raised', async () => {
      const limited = { daily_limit_credits: 1.2, total_limit_credits: 2.4 };
      const { create, keyId } = await customer('limited', { key: limited });
      const codeOf = async () => {
        const { status, body } = await create({ ...generation, image_uploads });
        return status === 200 ? status : [status, body.error.code];
      };

      expect([await codeOf(), await codeOf()]).toEqual([200, [402, 'KEY_DAILY_QUOTA_EXHAUSTED']]);
      await admin.call('PATCH', `/v1/admin/keys/${keyId}`, { daily_limit_credits: 9.6 });
      expect([await codeOf(), await codeOf()]).toEqual([200, [402, 'KEY_QUOTA_EXHAUSTED']]);
    });

    test('above a limit of the account is refused with 429', async () => {
      const slow = await customer('slow', { limits: { requests_per_minute: 1 } });
      const atItsLimit = await customer('at-its-limit', { limits: { tasks_in_flight: 1 } });
      const request = { ...generation, image_uploads };

      const statuses = async ({ create }: Caller) => [
        (await create(request)).status,
        (await create(request)).status,
      ];

      expect(await statuses(slow)).toEqual([200, 429]);
      expect(await statuses(atItsLimit)).toEqual([200, 429]);
    });

    test('that is sent four times at once with one Idempotency-Key makes one task', async () => {
      const { create, credits } = await customer('repeated');
      const headers = { 'idempotency-key': 'order-4711-attempt-1' };
      const request = { ...generation, image_uploads };

      const responses = await Promise.all(
        Array.from({ length: 4 }, () => create(request, headers)),
      );
      const changed = await create({ ...request, n: 2 }, headers);

      expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
      expect(
        responses.filter((response) => response.headers.get('idempotency-replayed') === 'true'),
      ).toHaveLength(3);
      expect([changed.status, changed.body.error.code]).toEqual([409, 'idempotency_conflict']);
      expect(await credits()).toMatchObject({ balance: 8.8, reserved: 1.2 });
    });

    test('for a list gets the tasks newest first, page by page, and a batch by their ids', async () => {
      const { create, call } = await customer('lists');
      const made: string[] = [];
      for (const _ of [1, 2, 3]) {
        made.unshift((await create({ ...generation, image_uploads })).body.id);
      }

      const { body: first } = await call('GET', '/v1/tasks?limit=2');
      const { body: rest } = await call('GET', `/v1/tasks?cursor=${first.next_cursor}`);
      const { body: batch } = await call('POST', '/v1/tasks/batch', { task_ids: made });
      const foreign = await deployment.first.call('GET', `/v1/tasks/${made[0]}`);

      const ids = (list: Body): string[] => list.data.map(({ id }: Body) => id);
      expect([...ids(first), ...ids(rest)].map((id) => made.includes(id))).toEqual([
        true,
        true,
        true,
      ]);
      expect(new Set([...ids(first), ...ids(rest)]).size).toBe(3);
      expect(ids(batch)).toEqual(made);
      expect(foreign.status).toBe(404);
    });
  });

  test('a request that waits for its task is led to it, and gets it when it has ended', async () => {
    const { call } = await customer('waiting');
    const body = { ...generation, image_urls: [imageUrl] };

    const created = await call('POST', '/v1/images/generations', body, { prefer: 'wait=25' });
    const waited = await call('GET', created.headers.get('location') ?? '');

    expect([created.status, waited.status]).toEqual([303, 200]);
    expect(waited.body.id).toBe(created.body.id);
  });

  test('a file of the Files API is uploaded, listed, read by its links, and deleted for good', async () => {
    const { call } = await customer('hosted-files');
    const files = '/api/v1/files';
    const named = (file_name: string) => ({ file_name, upload_path: 'pets' });

    const uploaded = [
      await call('POST', `${files}/upload/base64`, {
        ...named('one'),
        base64_data: sample.toString('base64'),
      }),
      await call('POST', `${files}/upload/url`, { ...named('two'), file_url: imageUrl }),
    ];
    const [first, second] = uploaded.map(({ body }) => body.data);
    const list = await call('GET', `${files}/list`);
    const quota = await call('GET', `${files}/quota`);
    const links = [first.file_url, second.download_url];
    const read = () =>
      Promise.all(links.map((link) => call('GET', link, undefined, { authorization: '' })));
    const pictures = await read();
    const removed = await call('DELETE', `${files}/${first.file_id}`);
    const [gone, left] = await read();

    expect(uploaded.map(({ status }) => status)).toEqual([200, 200]);
    expect([list.status, quota.status, removed.status]).toEqual([200, 200, 200]);
    expect(JSON.stringify(list.body)).toContain(second.file_id);
    expect(pictures.map(({ status }) => status)).toEqual([200, 200]);
    for (const { body } of pictures) expect(Buffer.compare(Buffer.from(body), sample)).toBe(0);
    expect([gone?.status, left?.status]).toEqual([404, 200]);
  });

  describe.concurrent('an operator', () => {
    test('needs a key with the scope admin', async () => {
      const { status, body } = await deployment.first.call('GET', '/v1/admin/accounts');

      expect([status, body.error.code]).toEqual([403, 'permission_denied']);
      expect((await admin.call('GET', '/v1/admin/accounts')).status).toBe(200);
    });

    test('grants once for one Idempotency-Key and withdraws no more than the balance, and the ledger has an entry for each', async () => {
      await customer('ledger');
      const credits = '/v1/admin/accounts/ledger/credits';
      const headers = { 'idempotency-key': 'invoice-7-paid-1' };
      const grant = { credits: 2.5, note: 'invoice 7' };

      const granted = await admin.call('POST', credits, grant, headers);
      const repeated = await admin.call('POST', credits, grant, headers);
      const withdrawn = await admin.call('POST', credits, { credits: -0.5 });
      const tooMuch = await admin.call('POST', credits, { credits: -13 });
      const { body: entries } = await admin.call('GET', '/v1/admin/accounts/ledger/entries');

      expect([granted.status, withdrawn.status, tooMuch.status]).toEqual([200, 200, 402]);
      expect(repeated.body).toEqual(granted.body);
      expect(entries.data.map(({ amount_credits }: Body) => amount_credits)).toEqual([
        -0.5, 2.5, 10,
      ]);
    });

    test('changes an account, and replaces its webhook secret', async () => {
      const { webhookSecret } = await customer('changed');

      const changed = await admin.call('PATCH', '/v1/admin/accounts/changed', {
        user_group: 'vip',
        limits: { tasks_in_flight: 7 },
      });
      const rotated = await admin.call('POST', '/v1/admin/accounts/changed/webhook-secret');

      expect([changed.status, changed.body]).toMatchObject([
        200,
        { user_group: 'vip', limits: { tasks_in_flight: 7 } },
      ]);
      expect(rotated.body.webhook_secret).toMatch(/^whsec_/);
      expect(rotated.body.webhook_secret).not.toBe(webhookSecret);
    });

    test('learns why a test event did not reach its receiver', async () => {
      const { status, body } = await admin.call('POST', '/v1/webhooks/test', {
        url: 'https://receiver.invalid/',
      });

      expect([status, body]).toMatchObject([
        200,
        { delivered: false, status: null, reason: 'url has a host name that cannot be resolved' },
      ]);
    });

    test('reads the audit, the state of the providers, and the deliveries of callbacks', async () => {
      const audit = await admin.call('GET', '/v1/admin/audit?account=changed');
      const providers = await admin.call('GET', '/v1/admin/providers');
      const trial = await admin.call('POST', '/v1/admin/providers/dashscope/try');
      const deliveries = await admin.call('GET', '/v1/webhooks/deliveries');

      expect([audit.status, providers.status, deliveries.status]).toEqual([200, 200, 200]);
      expect(trial.body).toMatchObject({ result: 'accepted' });
      expect(audit.body.data.length).toBeGreaterThan(0);
      expect(providers.body.data).toContainEqual(
        expect.objectContaining({ id: 'dashscope', has_key: true }),
      );
    });

    test('makes, renames, disables and deletes keys', async () => {
      const { keyId, create } = await customer('keys');

      const renamed = await admin.call('PATCH', `/v1/admin/keys/${keyId}`, {
        name: 'other',
        enabled: false,
      });
      const refused = await create({ ...generation, image_uploads });
      const { body: listed } = await admin.call('GET', '/v1/admin/keys?account=keys');
      const read = await admin.call('GET', `/v1/admin/keys/${keyId}`);
      const deleted = await admin.call('DELETE', `/v1/admin/keys/${keyId}`);
      const { body: without } = await admin.call('GET', '/v1/admin/keys?account=keys');

      expect([renamed.status, read.status, deleted.status]).toEqual([200, 200, 200]);
      expect([refused.status, refused.body.error.code]).toEqual([401, 'KEY_DISABLED']);
      expect(listed.data).toMatchObject([{ id: keyId, name: 'other' }]);
      expect(without.data).toEqual([]);
    });

    test('signs in to the console with a link that works once', async () => {
      const client = new LambdaClient(clientOptions(deployment.emulator.environment));
      const { link } = await consoleLink(client, deployment.physicalId('TriggersIssueKey'), {
        url: deployment.url,
        who: 'mira',
      }).finally(() => client.destroy());
      const code = new URL(link).hash.replace('#code=', '');
      const { call } = deployment.callerWith('none');
      const first = await call('POST', '/v1/console/sessions', { code });
      const second = await call('POST', '/v1/console/sessions', { code });
      const session = deployment.callerWith(first.body.api_key);

      expect([first.status, second.status]).toEqual([200, 401]);
      expect((await session.call('GET', '/v1/admin/accounts')).status).toBe(200);
    });

    test('can see that the reconciler runs without an error', async () => {
      const client = new LambdaClient(clientOptions(deployment.emulator.environment));
      const FunctionName = deployment.physicalId('TriggersReconcile');

      const { StatusCode, FunctionError } = await client
        .send(new InvokeCommand({ FunctionName, Payload: '{}' }))
        .finally(() => client.destroy());

      expect([StatusCode, FunctionError]).toEqual([200, undefined]);
    });
  });

  // The log of the emulator about all these calls.

  test('no call of a function was denied', () => {
    const decisions = deployment.emulator.log('decision');
    const judged = roleDecisions(deployment);
    process.stdout.write(`The emulator's IAM evaluated ${judged.length} calls of the functions.\n`);

    expect(decisions.filter(({ denial }) => denial !== null)).toEqual([]);
    expect(judged.length).toBeGreaterThan(500);
  });

  test('every role with permissions that the template gives to a function was evaluated', () => {
    const judged = new Set(roleDecisions(deployment).map(({ role }) => role));
    const roles = [...grantedActions(template()).keys()].map(deployment.physicalId);

    expect(roles.length).toBeGreaterThan(20);
    expect(roles.filter((role) => !judged.has(role))).toEqual([]);
  });

  test('every action that the template allows a function was evaluated, but for one', () => {
    const judged = new Set(roleDecisions(deployment).map(({ action }) => action));

    const granted = new Set([...grantedActions(template()).values()].flat());
    // Used only when an object is missing: then the response is a 404 instead of a 403.
    granted.delete('s3:ListBucket');
    expect([...granted].filter((action) => !judged.has(action))).toEqual([]);
    expect(granted.size).toBeGreaterThan(10);
  });

  test('no function failed, except with the named errors that decide the next state of the workflow', () => {
    const failures = deployment.emulator.log('failure');

    expect(failures.filter(({ error }) => !workflowErrors.has(error))).toEqual([]);
    expect(failures.map(({ error }) => error)).toEqual(expect.arrayContaining([TaskFailed.code]));
  });
});

const Statement = z.object({ Action: z.union([z.string(), z.array(z.string())]) });
const Policy = z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) });
const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.object({ Policies: z.array(Policy).default([]) }).prefault({}),
    }),
  ),
});
type Template = z.output<typeof Template>;

const template = (): Template =>
  Template.parse(
    JSON.parse(readFileSync(join(emulator?.outdir ?? '', 'Darkroom-dev.template.json'), 'utf8')),
  );

/** The decisions of the emulator's IAM on the calls of functions. */
const roleDecisions = (deployment: Deployment) =>
  deployment.emulator.log('decision').filter(({ role }) => role !== null);

/** The actions that each role of a function grants, but for those on logs, by the logical id of the role. */
const grantedActions = ({ Resources }: Template): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.entries(Resources).flatMap(([id, { Properties }]) => {
      const statements = Properties.Policies.flatMap(
        ({ PolicyDocument }) => PolicyDocument.Statement,
      );
      const actions = statements.flatMap(({ Action }) => Action);
      const granted = actions.filter((action) => !action.startsWith('logs:'));
      return granted.length > 0 ? [[id, granted] as const] : [];
    }),
  );

/** The body of a callback. @throws {Error} when its signature is not valid */
function verified(callback: Receiver['received'][number] | undefined, secret: string): unknown {
  const headers = Object.entries(callback?.headers ?? {}).map(([name, value]) => [
    name,
    String(value),
  ]);
  return new Webhook(secret).verify(callback?.body ?? '', Object.fromEntries(headers));
}
