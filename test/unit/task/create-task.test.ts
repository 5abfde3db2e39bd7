import { describe, expect, test } from 'vitest';
import { refusal } from '../../../functions/network/check-url.ts';
import { createTask, uploadWindowMs } from '../../../functions/task/create-task.ts';
import { fileIdOf, fileUrl } from '../../../functions/task/file-url.ts';
import { newTaskId } from '../../../functions/task/ids.ts';
import { Problem, type ProblemCode } from '../../../functions/task/problem.ts';
import { rememberedForMs } from '../../../functions/task/remember.ts';
import { GenerationRequest } from '../../../functions/task/request.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../support/fakes.ts';
import { sampleCaller, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const baseUrl = 'https://api.example.com';
const url = 'https://example.com/cat.png';
const key = 'order-7-of-2026-11-22';
const valid = { prompt: 'a starry sky', image_urls: [url] };
const upload = { prompt: 'a starry sky', image_uploads: [{ content_type: 'image/png' }] };
const granted = 10_000;

function world({ broken = false } = {}) {
  const store = memoryStore();
  store.grant(sampleCaller.account, granted);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow(() => (broken ? new Error('throttled') : undefined));
  const failedStarts: unknown[] = [];
  const create = createTask({
    ...{ ledger: store.ledger, tasks: store.tasks, workflow, now: clock.now, newId: newTaskId },
    refusal: (address) => refusal(address),
    fileIdOf: fileIdOf(baseUrl),
    startFailed: (taskId, cause) => failedStarts.push([taskId, cause]),
  });
  return {
    ...{ store, clock, workflow, failedStarts },
    create: (body: unknown, idempotencyKey?: string, caller = sampleCaller) =>
      create(GenerationRequest.parse(body), caller, idempotencyKey),
    funds: () => store.funds(sampleCaller.account),
  };
}

type World = ReturnType<typeof world>;

const untouched = { granted, balance: granted, reserved: 0, used: 0 };

async function refused(deed: Promise<unknown>, code: ProblemCode, message: string, param?: string) {
  const thrown = await thrownBy(deed);
  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({ code, message, param });
}

function nothingHappened({ store, workflow, funds }: World) {
  expect(funds()).toEqual(untouched);
  expect(store.all()).toEqual([]);
  expect(workflow.started()).toEqual([]);
}

describe('200', () => {
  test('the task is written with everything that was asked for', async () => {
    const { create, store } = world();

    const { task, replayed } = await create({
      ...{ ...valid, n: 2, negative_prompt: 'clouds', size: '1280x1280', seed: 7 },
      ...{ prompt_extend: false, watermark: true, metadata: { order: '7' } },
      callback_url: 'https://example.com/hook',
    });

    expect(replayed).toBe(false);
    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(task).toEqual({
      ...{ id: task.id, status: 'pending', createdAt: sampleTime, dueAt: sampleTime + 60_000 },
      ...{ account: 'default', keyId: 'key-sample', userGroup: 'default' },
      ...{ model: 'wan2.5-image-to-image', prompt: 'a starry sky', n: 2, reserved: 2400 },
      inputs: [{ kind: 'url', url }],
      options: {
        ...{ negativePrompt: 'clouds', size: '1280x1280', seed: 7 },
        ...{ promptExtend: false, watermark: true },
      },
      callbackUrl: 'https://example.com/hook',
      metadata: { order: '7' },
    });
    expect(task.id).toMatch(/^task-unified-1757156493-[a-z0-9]{8}$/);
  });

  test('its price is reserved and its workflow started', async () => {
    const { create, funds, workflow } = world();

    const { task } = await create({ ...valid, n: 4 });

    expect(funds()).toEqual({ granted, balance: granted - 4800, reserved: 4800, used: 0 });
    expect(workflow.started()).toEqual([task.id]);
  });

  test('the last credit can be spent', async () => {
    const { create, funds } = world();

    for (const n of [4, 4]) await create({ ...valid, n });

    expect(funds()).toEqual({ granted, balance: 400, reserved: 9600, used: 0 });
  });

  test('promised uploads start nothing, and somebody looks when they should have come', async () => {
    const { create, workflow } = world();

    const { task } = await create(upload);

    expect(task.inputs).toEqual([{ kind: 'upload', contentType: 'image/png' }]);
    expect(task).toMatchObject({ dueAt: sampleTime + uploadWindowMs });
    expect(workflow.started()).toEqual([]);
  });

  test('an uploaded file is an input by its address, beside one from elsewhere', async () => {
    const { create, workflow } = world();
    const fileId = `file-${'a'.repeat(26)}`;

    const { task } = await create({ ...valid, image_urls: [fileUrl(baseUrl, fileId), url] });

    expect(task.inputs).toEqual([
      { kind: 'file', fileId },
      { kind: 'url', url },
    ]);
    expect(workflow.started()).toEqual([task.id]);
  });

  test('a start that failed is noted, and the task there all the same for the sweep', async () => {
    const { create, store, failedStarts } = world({ broken: true });

    const { task } = await create(valid);

    expect(failedStarts).toEqual([[task.id, new Error('throttled')]]);
    expect(await store.tasks.due(sampleTime + 60_000, 10)).toEqual([task.id]);
  });
});

describe('200, again with the same Idempotency-Key', () => {
  test('the same body is the same task, and paid once', async () => {
    const { create, store, funds, clock, workflow } = world();
    const first = await create(valid, key);
    clock.advance(1000);

    const second = await create({ image_urls: [url], n: 1, prompt: 'a starry sky' }, key);

    expect(second).toEqual({ task: first.task, replayed: true });
    expect(store.all()).toHaveLength(1);
    expect(funds().reserved).toBe(1200);
    expect(workflow.started()).toEqual([first.task.id]);
  });

  test('it is the task as it is by now', async () => {
    const { create, store } = world();
    const { task } = await create(valid, key);
    await store.tasks.submitted(task.id, 'ticket-1', sampleTime);

    expect((await create(valid, key)).task.status).toBe('processing');
  });

  test('it is answered also by an account that has spent everything since', async () => {
    const { create } = world();
    const { task } = await create({ ...valid, n: 4 }, key);
    await create({ ...valid, n: 4 });

    expect((await create({ ...valid, n: 4 }, key)).task.id).toBe(task.id);
  });

  test('after 24 hours it is a new task', async () => {
    const { create, clock } = world();
    const { task } = await create(valid, key);

    clock.advance(rememberedForMs + 1000);

    const again = await create(valid, key);
    expect(again.replayed).toBe(false);
    expect(again.task.id).not.toBe(task.id);
  });

  test('with another API key it is a new task', async () => {
    const { create } = world();
    await create(valid, key);

    const { replayed } = await create(valid, key, { ...sampleCaller, keyId: 'key-other' });

    expect(replayed).toBe(false);
  });

  test('a request that was refused is not remembered', async () => {
    const { create } = world();
    await thrownBy(create({ ...valid, callback_url: 'http://example.com' }, key));

    expect((await create(valid, key)).replayed).toBe(false);
  });
});

describe('400', () => {
  const https = 'must be an https address';
  const hidden = 'must not point to a private address';
  const incomplete = 'must be a complete address, like https://example.com/path';

  test.each([
    ['image_urls[0]', 'over http', { image_urls: ['http://example.com/a.png'] }, https],
    ['image_urls[1]', 'of a private host', { image_urls: [url, 'https://10.0.0.1/a.png'] }, hidden],
    ['image_urls[0]', 'that is none', { image_urls: ['cat.png'] }, incomplete],
    ['image_urls[0]', 'that is empty', { image_urls: [''] }, incomplete],
    ['image_urls[0]', 'that is a data URL', { image_urls: ['data:image/png;base64,AA=='] }, https],
    ['callback_url', 'over http', { callback_url: 'http://example.com/hook' }, https],
    ['callback_url', 'of this machine', { callback_url: 'https://127.0.0.1/hook' }, hidden],
    ['callback_url', 'that is none', { callback_url: 'hook' }, incomplete],
  ])('%s: an address %s', async (param, _what, fields, reason) => {
    const there = world();

    const deed = there.create({ ...valid, ...fields }, key);

    await refused(deed, 'invalid_request', `${param} ${reason}`, param);
    nothingHappened(there);
  });

  test.each([
    '',
    'x'.repeat(15),
    'x'.repeat(97),
    'with a space in it',
    'with-a-colon:-in-it',
    'ümlauts-in-the-key',
  ])('an Idempotency-Key like %j', async (wrong) => {
    const there = world();

    const deed = there.create(valid, wrong);

    await refused(
      deed,
      'invalid_request',
      'The header Idempotency-Key must be 16 to 96 characters out of A-Z a-z 0-9 . _ -',
      'Idempotency-Key',
    );
    nothingHappened(there);
  });

  test.each(['x'.repeat(16), 'x'.repeat(96), 'A-Z.a_z-0123456789'])(
    'not one like %j',
    async (good) => {
      expect((await world().create(valid, good)).replayed).toBe(false);
    },
  );
});

describe('402', () => {
  test('an account with too few credits learns how many it needs', async () => {
    const { create, funds, workflow, store } = world();
    for (const n of [4, 4]) await create({ ...valid, n });
    const before = funds();

    const deed = create({ ...valid, n: 3 }, key);

    await refused(
      deed,
      'insufficient_quota',
      'The account has too few credits: 3 image(s) need 3.6.',
    );
    expect(funds()).toEqual(before);
    expect(store.all()).toHaveLength(2);
    expect(workflow.started()).toHaveLength(2);
  });

  test('an account nobody granted anything has nothing', async () => {
    const { create } = world();

    const deed = create(valid, undefined, { ...sampleCaller, account: 'other' });

    expect(await thrownBy(deed)).toMatchObject({ code: 'insufficient_quota', status: 402 });
  });
});

describe('409', () => {
  test('another body with the same Idempotency-Key', async () => {
    const { create, store, funds, workflow } = world();
    await create(valid, key);

    const deed = create({ ...valid, n: 2 }, key);

    await refused(
      deed,
      'idempotency_conflict',
      'This Idempotency-Key was used with another request: take a new one.',
      'Idempotency-Key',
    );
    expect(store.all()).toHaveLength(1);
    expect(funds().reserved).toBe(1200);
    expect(workflow.started()).toHaveLength(1);
  });
});

describe('500', () => {
  test('a model that left the table after the request was read', async () => {
    const { store, workflow } = world();
    const create = createTask({
      ...{ ledger: store.ledger, tasks: store.tasks, workflow, now: () => 0, newId: newTaskId },
      ...{ refusal: () => undefined, fileIdOf: () => undefined, startFailed: () => {} },
    });

    const deed = create({ ...GenerationRequest.parse(valid), model: 'wan3' }, sampleCaller);

    await expect(deed).rejects.toThrow('the model wan3 passed the schema and is not in the table');
  });

  test('a remembered task that is not there', async () => {
    const { store, workflow } = world();
    const create = createTask({
      ...{ ledger: store.ledger, workflow, now: () => 0, newId: newTaskId },
      tasks: { ...store.tasks, find: async () => undefined },
      ...{ refusal: () => undefined, fileIdOf: () => undefined, startFailed: () => {} },
    });
    const request = GenerationRequest.parse(valid);
    await create(request, sampleCaller, key);

    await expect(create(request, sampleCaller, key)).rejects.toThrow('is remembered and is not');
  });
});
