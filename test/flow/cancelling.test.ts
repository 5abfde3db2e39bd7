import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Receiver, servePictures, startReceiver } from './receiver.ts';
import { type Body, painted, painting, startWorld, until, type World } from './world.ts';

// Whenever a caller changes his mind, his task ends once, and costs what was made of it.

let world: World;
let pictures: Receiver;
let before: Record<string, number>;

beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});
beforeEach(async () => {
  before = await world.account();
});

const create = async (more: object = {}): Promise<Body> => {
  const picture = `${pictures.url}/sample.jpg`;
  const wish = { prompt: 'Make it snow', size: '768x768', image_urls: [picture], ...more };
  return (await world.create(wish)).body;
};
const cancel = (id: string) => world.call('POST', `/v1/tasks/${id}/cancel`);
const read = (id: string): Promise<Body> =>
  world.call('GET', `/v1/tasks/${id}`).then(({ body }) => body);
const gone = { code: 'request_cancelled', type: 'task_error' };
const hasChanged = async () => {
  const { balance, reserved, used } = await world.account();
  return { balance, reserved, used };
};
const unchanged = () => ({
  ...{ balance: before['balance'], reserved: before['reserved'], used: before['used'] },
});

describe('a task that is cancelled', () => {
  test('right after it was asked for ends without a charge, and its caller is told', async () => {
    const caller = await startReceiver(200);
    onTestFinished(() => caller.close());
    const { id } = await create({ callback_url: caller.url });

    const { status, body } = await cancel(id);
    const task = await world.ended(id);
    await until(
      () => caller.received,
      ({ length }) => length > 0,
    );

    expect([status, body.id, body.task_info]).toEqual([200, id, { can_cancel: false }]);
    expect(task).toMatchObject({ status: 'failed', error: gone, usage: { credits_used: 0 } });
    expect(JSON.parse(caller.received[0]?.body ?? '')).toMatchObject({ id, error: gone });
    expect(await hasChanged()).toEqual(unchanged());
  });

  test('while it is painted ends without waiting for the picture', async () => {
    painting(world, { seconds: 600 });
    const { id } = await create();
    await until(
      () => read(id),
      ({ status }) => status === 'processing',
    );

    const first = await cancel(id);
    const second = await cancel(id);
    const task = await world.ended(id);

    expect([first.status, first.body.status]).toEqual([200, 'processing']);
    expect([200, 409]).toContain(second.status);
    expect(task).toMatchObject({ status: 'failed', error: gone, task_info: { can_cancel: false } });
    expect(await hasChanged()).toEqual(unchanged());
  });

  test('before its uploads have come ends at once', async () => {
    const { id } = await create({
      ...{ image_urls: undefined, image_uploads: [{ content_type: 'image/jpeg' }] },
    });
    const { counts } = await painted(world);

    await cancel(id);

    expect(await world.ended(id)).toMatchObject({ status: 'failed', error: gone });
    expect((await painted(world)).counts.submits).toBe(counts.submits);
    expect(await hasChanged()).toEqual(unchanged());
  });
});

test('a task that is over cannot be cancelled, and says so', async () => {
  const { id } = await create();
  const task = await world.ended(id);

  const { status, body } = await cancel(id);

  expect([status, body.error]).toEqual([
    409,
    {
      ...{ code: 'task_ended', type: 'invalid_request_error', param: 'task_id' },
      message: `The task ${id} is over already.`,
    },
  ]);
  expect(task.task_info).toEqual({ can_cancel: false });
  expect((await read(id)).status).toBe('completed');
});

test("somebody else's task cannot be cancelled: it is not there", async () => {
  const { id } = await create();

  const { status, body } = await world.callAs('stranger', 'POST', `/v1/tasks/${id}/cancel`);

  expect([status, body.error.code]).toEqual([404, 'task_not_found']);
  expect(await world.ended(id)).toMatchObject({ status: 'completed' });
});

test('whoever wins, the caller or the painter, a task ends once and its money is right', async () => {
  painting(world, { seconds: 4 });
  const ids = await Promise.all(Array.from({ length: 4 }, () => create().then(({ id }) => id)));

  const answers = await Promise.all(
    ids.map(async (id, index) => {
      // Some early, some late: the painter needs half a second of real time.
      await until(
        () => read(id),
        ({ progress, status }) => progress >= index * 25 || status === 'completed',
      );
      return cancel(id);
    }),
  );
  const tasks = await Promise.all(ids.map((id) => world.ended(id)));

  for (const [index, task] of tasks.entries()) {
    const isCompleted = task.status === 'completed';
    expect(task.usage.credits_used).toBe(isCompleted ? 1.2 : 0);
    if (!isCompleted) expect(task.error.code).toBe('request_cancelled');
    if (answers[index]?.status === 409) expect(['completed', 'failed']).toContain(task.status);
  }
  const completed = tasks.filter(({ status }) => status === 'completed').length;
  const { balance, reserved, used } = await world.account();
  expect({ balance, reserved, used }).toEqual({
    balance: (before['balance'] ?? 0) - 1200 * completed,
    reserved: before['reserved'],
    used: (before['used'] ?? 0) + 1200 * completed,
  });
});
