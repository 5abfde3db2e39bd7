import { describe, expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../../../functions/domain/billing/idempotency.ts';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import { createTask } from '../../../../functions/domain/tasks/create-task.ts';
import { fileUrl } from '../../../../functions/domain/tasks/input-files.ts';
import { GenerationRequest } from '../../../../functions/domain/wire/request.ts';
import { sampleCaller, sampleKey, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import {
  baseUrl,
  context,
  expectNothingWritten,
  key,
  reserved,
  url,
  valid,
} from './create-task-context.ts';

const upload = { prompt: 'a starry sky', image_uploads: [{ content_type: 'image/png' }] };

describe('200', () => {
  test('the task is written with everything in the request', async () => {
    const { create, store } = context();

    const { task, replayed } = await create({
      ...valid,
      n: 2,
      negative_prompt: 'clouds',
      size: '1280x1280',
      seed: 7,
      prompt_extend: false,
      watermark: true,
      lane: 'bulk',
      metadata: { order: '7' },
      callback_url: 'https://example.com/hook',
    });

    expect(replayed).toBe(false);
    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(task).toEqual({
      id: task.id,
      status: 'pending',
      createdAt: sampleTime,
      nextCheckAt: sampleTime + 60_000,
      account: 'default',
      keyId: sampleCaller.keyId,
      keyName: sampleCaller.keyName,
      userGroup: 'default',
      model: 'wan2.5-image-to-image',
      prompt: 'a starry sky',
      n: 2,
      reserved: 2400,
      inputs: [{ kind: 'url', url }],
      options: {
        negativePrompt: 'clouds',
        size: '1280x1280',
        seed: 7,
        promptExtend: false,
        watermark: true,
      },
      callbackUrl: 'https://example.com/hook',
      lane: 'bulk',
      metadata: { order: '7' },
    });
    expect(task.id).toMatch(/^task-unified-1757156493-[a-z0-9]{8}$/);
  });

  test('its price is reserved and its workflow started', async () => {
    const { create, funds, workflow } = context();

    const { task } = await create({ ...valid, n: 4 });

    expect(funds()).toEqual(reserved(4800, 1));
    expect(workflow.started()).toEqual([task.id]);
  });

  test('the last credit can be spent', async () => {
    const { create, funds } = context();

    for (const n of [4, 4]) await create({ ...valid, n });

    expect(funds()).toEqual(reserved(9600, 2));
  });

  test('a task with uploads is not started, and is checked a minute after its upload forms have expired', async () => {
    const { create, workflow } = context();

    const { task } = await create(upload);

    expect(task.inputs).toEqual([{ kind: 'upload', contentType: 'image/png' }]);
    expect(task).toMatchObject({ nextCheckAt: sampleTime + 16 * 60_000 });
    expect(workflow.started()).toEqual([]);
  });

  test('an uploaded file is an input by its URL, beside a URL from elsewhere', async () => {
    const { create, workflow } = context();
    const fileId = `file-${'a'.repeat(26)}`;

    const { task } = await create({ ...valid, image_urls: [fileUrl(baseUrl, fileId), url] });

    expect(task.inputs).toEqual([
      { kind: 'file', fileId },
      { kind: 'url', url },
    ]);
    expect(workflow.started()).toEqual([task.id]);
  });

  test('a start that failed is reported, and the task is written for the reconciler', async () => {
    const { create, store, failedStarts } = context({ broken: true });

    const { task } = await create(valid);

    expect(failedStarts).toEqual([[task.id, new Error('throttled')]]);
    expect(await store.tasks.findDueChecks(sampleTime + 60_000, 10)).toEqual([
      { id: task.id, nextCheckAt: sampleTime + 60_000 },
    ]);
  });
});

describe('200, a repeated request with the same Idempotency-Key', () => {
  test('the same body returns the same task, paid once', async () => {
    const { create, store, funds, clock, workflow } = context();
    const first = await create(valid, key);
    clock.advance(1000);

    const second = await create({ image_urls: [url], n: 1, prompt: 'a starry sky' }, key);

    expect(second).toEqual({ task: first.task, replayed: true });
    expect(store.all()).toHaveLength(1);
    expect(funds().reserved).toBe(1200);
    expect(workflow.started()).toEqual([first.task.id]);
  });

  test('the task is returned as it is now', async () => {
    const { create, store } = context();
    const { task } = await create(valid, key);
    await store.tasks.recordSubmitted(task.id, 'ticket-1', sampleTime);

    expect((await create(valid, key)).task.status).toBe('processing');
  });

  test('it is replayed also when the account has spent everything since', async () => {
    const { create } = context();
    const { task } = await create({ ...valid, n: 4 }, key);
    await create({ ...valid, n: 4 });

    expect((await create({ ...valid, n: 4 }, key)).task.id).toBe(task.id);
  });

  test.each([
    ['spent its limit', { totalLimit: 1200 }],
    ['spent its limit for the day', { dailyLimit: 1200 }],
  ])('it is replayed also when the key has %s since', async (_what, limits) => {
    const { create, limitKey } = context();
    await limitKey(limits);
    const { task } = await create(valid, key);

    expect(await create(valid, key)).toEqual({ task, replayed: true });
  });

  test('it is replayed also when the account has its maximum of tasks in flight', async () => {
    const { create, store } = context();
    await store.accounts.change(sampleCaller.account, { limits: { tasksInFlight: 1 } });
    const { task } = await create(valid, key);

    expect(await create(valid, key)).toEqual({ task, replayed: true });
  });

  test('after 24 hours it is a new task', async () => {
    const { create, clock } = context();
    const { task } = await create(valid, key);

    clock.advance(idempotencyTtlMs + 1000);

    const later = await create(valid, key);
    expect(later.replayed).toBe(false);
    expect(later.task.id).not.toBe(task.id);
  });

  test('with another API key it is a new task', async () => {
    const { create, store } = context();
    await create(valid, key);
    await store.apiKeys.add(sampleKey({ keyId: 'key-other' }));

    const { replayed } = await create(valid, key, { ...sampleCaller, keyId: 'key-other' });

    expect(replayed).toBe(false);
  });

  test('a rejected request leaves no idempotency record', async () => {
    const { create } = context();
    await thrownBy(create({ ...valid, callback_url: 'http://example.com' }, key));

    expect((await create(valid, key)).replayed).toBe(false);
  });
});

describe('500', () => {
  test('an account that does not exist is an internal error', async () => {
    const elsewhere = context();

    const promise = elsewhere.create(valid, key, { ...sampleCaller, account: 'nobody' });

    await expect(promise).rejects.toThrow('the account nobody does not exist');
    expectNothingWritten(elsewhere);
  });

  test('a model that was removed from the catalogue after the request was parsed is an internal error', async () => {
    const { store, workflow } = context();
    const create = createTask({
      ledger: store.ledger,
      tasks: store.tasks,
      workflow,
      now: () => 0,
      newId: newTaskId,
      urlProblem: () => undefined,
      fileIdOf: () => undefined,
      startFailed: () => {},
      budgetExceeded: () => {},
    });

    const promise = create({ ...GenerationRequest.parse(valid), model: 'wan3' }, sampleCaller);

    await expect(promise).rejects.toThrow(
      'the model wan3 passed the schema and is not in the catalogue',
    );
  });

  test('an idempotency record of a task that does not exist is an internal error', async () => {
    const { store, workflow } = context();
    const create = createTask({
      ledger: store.ledger,
      workflow,
      now: () => 0,
      newId: newTaskId,
      tasks: { find: async () => undefined, findRecord: async () => undefined },
      urlProblem: () => undefined,
      fileIdOf: () => undefined,
      startFailed: () => {},
      budgetExceeded: () => {},
    });
    const request = GenerationRequest.parse(valid);
    await create(request, sampleCaller, key);

    await expect(create(request, sampleCaller, key)).rejects.toThrow(
      'has an idempotency record and does not exist',
    );
  });
});

describe('a daily budget', () => {
  test.each([
    ['refuses', { stopAtBudget: true }],
    ['lets through', { stopAtBudget: false }],
  ])('that %s creates beyond it reports each of them, and no other create', async (_, stop) => {
    const { create, store, beyondBudget } = context();
    const { account } = sampleCaller;
    await store.accounts.change(account, { dailyBudget: 2 * 1200, ...stop });
    const { budget } = (await store.accounts.find(account)) ?? {};
    const createOne = () => create(valid, undefined, { ...sampleCaller, budget });

    await createOne();
    await createOne();
    expect(beyondBudget).toEqual([]);
    const third = await createOne().then(
      () => 'created',
      (problem: { readonly code: string }) => problem.code,
    );

    expect(third).toBe(stop.stopAtBudget ? 'daily_budget_exhausted' : 'created');
    expect(beyondBudget).toEqual([account]);
  });
});
