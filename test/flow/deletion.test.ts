import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Body, type TestStack, until, upload } from './open-stack.ts';
import { startReceiver } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';
import { storedPictures } from './stored-pictures.ts';

// A deleted task is gone for its caller, with all texts and pictures of the caller. Its cost stays in the ledger.

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const sample = readFileSync('cli/sample.jpg');
const words = 'a portrait of somebody who changed their mind';
const generation = {
  prompt: words,
  negative_prompt: words,
  metadata: { customer: words },
  size: '768x768',
  image_uploads: [{ content_type: 'image/jpeg' }],
};
const idempotencyKey = (name: string) => ({ 'idempotency-key': `${name}-of-the-deletion-tests` });

const remove = (id: string) => stack.call('DELETE', `/v1/tasks/${id}`);
const read = (id: string) => stack.call('GET', `/v1/tasks/${id}`);

/** A task that is completed and was called back, and the callbacks that were received. */
async function completedTask(name: string) {
  const receiver = await startReceiver(200);
  onTestFinished(() => receiver.close());
  const request = { ...generation, callback_url: `${receiver.url}/${name}` };
  const { body: created } = await stack.create(request, idempotencyKey(name));
  await upload(created.uploads[0], sample);
  const task = await until(
    () => read(created.id).then(({ body }) => body),
    ({ callback }) => callback?.status === 'delivered',
  );
  return { id: String(created.id), task, request, receiver };
}

describe('a task that is deleted', () => {
  test('has its pictures, texts and addresses no more, and its entries in the ledger stay', async () => {
    const { id } = await completedTask('everything');
    const before = { account: await stack.account(), entries: await stack.entries() };
    expect(await storedPictures(stack, id)).toEqual([
      `prepared/${id}/0.jpeg`,
      `results/${id}/1.png`,
      `uploads/${id}/0`,
    ]);

    const { status, body } = await remove(id);

    expect([status, body]).toEqual([200, { object: 'image.generation.task', id, deleted: true }]);
    expect(await storedPictures(stack, id)).toEqual([]);
    const row = await stack.taskItem(id);
    expect(row).toMatchObject({ status: 'deleted', endedAs: 'completed', charged: 1200 });
    expect(JSON.stringify(row)).not.toMatch(/mind|http|127\.0\.0\.1/);
    expect({ account: await stack.account(), entries: await stack.entries() }).toEqual(before);
    expect(before.entries.filter(({ taskId }) => taskId === id)).toHaveLength(2);
  });

  test('does not exist any more on any route, and its links say that the picture was deleted', async () => {
    const { id, task } = await completedTask('routes');
    const link = new URL(task.results[0]);
    const presigned = (await fetch(link, { redirect: 'manual' })).headers.get('location');
    expect((await fetch(presigned ?? '')).status).toBe(200);

    await remove(id);

    const responses = await Promise.all([
      read(id),
      stack.call('POST', `/v1/tasks/${id}/cancel`),
      stack.call('POST', `/v1/tasks/${id}/callback`),
    ]);
    const batch = await stack.call('POST', '/v1/tasks/batch', { task_ids: [id] });
    const list = await stack.call('GET', '/v1/tasks?limit=100');
    const result = await stack.call('GET', link.pathname + link.search);
    expect(responses.map(({ status, body }) => [status, body.error.code])).toEqual(
      responses.map(() => [404, 'task_not_found']),
    );
    expect(batch.body).toEqual({ data: [] });
    expect(list.body.data.map((listed: Body) => listed.id)).not.toContain(id);
    expect([result.status, result.body.error.code]).toEqual([410, 'result_expired']);
    expect((await fetch(presigned ?? '')).status).toBeGreaterThanOrEqual(400);
  });

  test('can be deleted again, with the same response', async () => {
    const { id } = await completedTask('twice');
    const first = await remove(id);
    const second = await remove(id);

    expect([second.status, second.body]).toEqual([first.status, first.body]);
  });

  test('is not created again by its Idempotency-Key, which costs nothing', async () => {
    const { id, request } = await completedTask('replayed');
    await remove(id);
    const before = await stack.account();

    const { status, body } = await stack.create(request, idempotencyKey('replayed'));

    expect([status, body.error.code, body.error.param]).toEqual([
      409,
      'idempotency_conflict',
      'Idempotency-Key',
    ]);
    expect(await stack.account()).toEqual(before);
  });

  test('takes no other task with it', async () => {
    const [one, other] = [await completedTask('one'), await completedTask('other')];

    await remove(one.id);

    expect(await storedPictures(stack, other.id)).toHaveLength(3);
    const { body } = await read(other.id);
    expect((await fetch(body.results[0])).status).toBe(200);
  });
});

describe('a deletion is refused', () => {
  test('with 409 while the task is processed, which goes on', async () => {
    controlProvider(stack, { seconds: 16 });
    const { body: created } = await stack.create(generation);
    const waiting = await remove(created.id);
    await upload(created.uploads[0], sample);
    await until(
      () => read(created.id),
      ({ body }) => body.status === 'processing',
    );

    const processing = await remove(created.id);

    for (const { status, body } of [waiting, processing]) {
      expect([status, body.error]).toEqual([
        409,
        {
          code: 'task_running',
          type: 'invalid_request_error',
          param: 'task_id',
          message: `The task ${created.id} is not over yet: it can be deleted when it has ended.`,
        },
      ]);
    }
    expect(await stack.endedTask(created.id)).toMatchObject({ status: 'completed' });
  });

  test('with 404 for a task of another account, which stays', async () => {
    const { id } = await completedTask('foreign');

    const { status, body } = await stack.callAs('stranger', 'DELETE', `/v1/tasks/${id}`);

    expect([status, body.error.code]).toEqual([404, 'task_not_found']);
    expect(await storedPictures(stack, id)).toHaveLength(3);
    expect((await read(id)).status).toBe(200);
  });

  test('with 403 for a key that may only read', async () => {
    const { id } = await completedTask('reader');
    const authorization = `Bearer ${stack.keys.adminKey}`; // it reads tasks of its own account alone

    const { status, body } = await stack.call('DELETE', `/v1/tasks/${id}`, undefined, {
      authorization,
    });

    expect([status, body.error.code]).toEqual([403, 'permission_denied']);
    expect((await read(id)).status).toBe(200);
  });
});
