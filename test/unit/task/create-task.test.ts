import { describe, expect, test } from 'vitest';
import { createTask, uploadWindowMs } from '../../../functions/task/create-task.ts';
import { fileUrl } from '../../../functions/task/file-url.ts';
import { newTaskId } from '../../../functions/task/ids.ts';
import { rememberedForMs } from '../../../functions/task/remember.ts';
import { GenerationRequest } from '../../../functions/task/request.ts';
import { sampleCaller, sampleKey, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { baseUrl, key, nothingHappened, reserved, url, valid, world } from './create-task-world.ts';

const upload = { prompt: 'a starry sky', image_uploads: [{ content_type: 'image/png' }] };

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
      ...{ account: 'default', keyId: sampleCaller.keyId, userGroup: 'default' },
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

    expect(funds()).toEqual(reserved(4800, 1));
    expect(workflow.started()).toEqual([task.id]);
  });

  test('the last credit can be spent', async () => {
    const { create, funds } = world();

    for (const n of [4, 4]) await create({ ...valid, n });

    expect(funds()).toEqual(reserved(9600, 2));
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

  test.each([
    ['spent its limit', { totalLimit: 1200 }],
    ['spent its limit for the day', { dailyLimit: 1200 }],
  ])('it is answered also by a key that has %s since', async (_what, limits) => {
    const { create, limitKey } = world();
    await limitKey(limits);
    const { task } = await create(valid, key);

    expect(await create(valid, key)).toEqual({ task, replayed: true });
  });

  test('it is answered also by an account with all the tasks it may have', async () => {
    const { create, store } = world();
    await store.accounts.change(sampleCaller.account, { limits: { tasksInFlight: 1 } });
    const { task } = await create(valid, key);

    expect(await create(valid, key)).toEqual({ task, replayed: true });
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
    const { create, store } = world();
    await create(valid, key);
    await store.apiKeys.add(sampleKey({ keyId: 'key-other' }));

    const { replayed } = await create(valid, key, { ...sampleCaller, keyId: 'key-other' });

    expect(replayed).toBe(false);
  });

  test('a request that was refused is not remembered', async () => {
    const { create } = world();
    await thrownBy(create({ ...valid, callback_url: 'http://example.com' }, key));

    expect((await create(valid, key)).replayed).toBe(false);
  });
});

describe('500', () => {
  test('an account nobody made', async () => {
    const there = world();

    const deed = there.create(valid, key, { ...sampleCaller, account: 'nobody' });

    await expect(deed).rejects.toThrow('the account nobody is not there');
    nothingHappened(there);
  });

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
