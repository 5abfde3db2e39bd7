import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Body, mockProviderState, openStack, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { controlProvider } from './start-stack.ts';

let imageServer: Receiver;
beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(() => imageServer?.close());

const generation = (more: object = {}) => ({
  prompt: 'Put on a little snow',
  size: '768x768',
  image_urls: [`${imageServer.url}/sample.jpg`],
  ...more,
});

/** How often the tasks of a stack entered a state. */
const entered = ({ executionEvents }: TestStack, state: string, id?: string): number =>
  executionEvents.filter(
    (event) =>
      event.type === 'TaskStateEntered' &&
      event.state === state &&
      (id === undefined || event.execution === id),
  ).length;

/** The states that a task has entered, one after the other, without the polls, whose number depends on the clock. */
const statesOf = ({ executionEvents }: TestStack, id: string): readonly unknown[] =>
  executionEvents
    .filter(({ type, execution }) => type === 'TaskStateEntered' && execution === id)
    .map(({ state }) => state)
    .filter((state) => state !== 'PollTask');

const tasks = 5;

describe('with a provider that takes two jobs', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await openStack({
      outdir: inject('outdir'),
      speed: 4, // slow enough that functions start before the next poll is due
      parameters: {
        Providers: 'dashscope',
        DashScopeCapacity: 'running=2,submitsPerSecond=20',
      },
    });
  });
  afterAll(() => stack?.close());

  test('many tasks at once are all generated, and the provider refuses none', async () => {
    controlProvider(stack, {
      seconds: 4,
      capacity: { dashscope: { running: 0, queued: 2 } }, // no job ends before all tasks have come
    });
    const created = await Promise.all(
      Array.from({ length: tasks }, () => stack.create(generation())),
    );
    await until(
      () => entered(stack, 'AwaitSlot'),
      (times) => times === tasks - 2,
    );
    controlProvider(stack, { capacity: { dashscope: { running: 2, queued: 0 } } });
    const ended = await Promise.all(created.map(({ body }) => stack.endedTask(body.id)));

    expect(ended.map(({ status }) => status)).toEqual(Array(tasks).fill('completed'));
    const { counts, providers } = await mockProviderState(stack);
    expect(counts).toMatchObject({ submits: tasks, accepted: tasks });
    expect(providers.dashscope.usage).toMatchObject({ throttledSubmits: 0 });
    // Two tasks found a slot, and made no more transitions than without a queue; each of the others made two more.
    const found = ['PrepareInputs', 'SubmitTask', 'AwaitProvider'];
    const waited = ['PrepareInputs', 'SubmitTask', 'AwaitSlot', 'SubmitTask', 'AwaitProvider'];
    const states = created.map(({ body }) => statesOf(stack, body.id));
    expect(states.toSorted((a, b) => a.length - b.length)).toEqual([
      found,
      found,
      waited,
      waited,
      waited,
    ]);
  });

  test('waiting tasks have positions: in order within an account, and by turns with another account', async () => {
    controlProvider(stack, { seconds: 48 });
    const other = await stack.withAccount('other');
    const running = [await stack.create(generation()), await stack.create(generation())];
    for (const { body } of running) await submitted(stack, body.id);
    const waiting: { readonly caller: TestStack; readonly id: string }[] = [];
    for (const caller of [stack, stack, stack, other]) {
      const { body } = await caller.create(generation());
      await until(
        () => entered(stack, 'AwaitSlot', body.id),
        (times) => times === 1,
      );
      waiting.push({ caller, id: body.id });
    }

    const infos = await until(
      () =>
        Promise.all(
          waiting.map(async ({ caller, id }) => {
            const { body } = await caller.call('GET', `/v1/tasks/${id}`);
            return body.task_info;
          }),
        ),
      (all) => new Set(all.map(({ queue_position }) => queue_position)).size === waiting.length,
    );
    const [first, second, third, others] = infos.map(({ queue_position }) => queue_position);
    expect([first, second, third, others].toSorted()).toEqual([1, 2, 3, 4]);
    expect([first, second, third]).toEqual([first, second, third].toSorted());
    expect(others).toBeLessThanOrEqual(2);
    expect(infos[2].estimated_time).toBeGreaterThan(infos[0].estimated_time);
    // A batch has the same positions; and a new task gets its position and its expected wait.
    const ids = waiting.slice(0, 3).map(({ id }) => id);
    const batch = await stack.call('POST', '/v1/tasks/batch', { task_ids: ids });
    expect(
      batch.body.data.map(({ task_info }: Body) => task_info.queue_position).toSorted(),
    ).toEqual([first, second, third]);
    // The function that creates tasks reads the queue at most every three seconds.
    const newcomers: string[] = [];
    const created = await until(
      async () => {
        const newcomer = await stack.create(generation());
        newcomers.push(newcomer.body.id);
        return newcomer;
      },
      ({ body }) => body.task_info.queue_position !== undefined,
      1000,
    );
    expect(created.body.task_info.queue_position).toBeGreaterThanOrEqual(4);
    expect(created.body.task_info.estimated_time).toBeGreaterThan(infos[0].estimated_time);

    controlProvider(stack, { seconds: 1 });
    const ended = await Promise.all([
      ...waiting.map(({ caller, id }) => caller.endedTask(id)),
      ...newcomers.map((id) => stack.endedTask(id)),
    ]);
    for (const { task_info } of ended) expect(task_info).toEqual({ can_cancel: false });
  });

  test('a task does not wait for those of its account that came before it in the lane bulk', async () => {
    controlProvider(stack, { seconds: 48 });
    const running = [await stack.create(generation()), await stack.create(generation())];
    for (const { body } of running) await submitted(stack, body.id);
    const waiting: string[] = [];
    for (const lane of ['bulk', 'bulk', 'bulk', undefined]) {
      const { body } = await stack.create(generation({ lane }));
      await until(
        () => entered(stack, 'AwaitSlot', body.id),
        (times) => times === 1,
      );
      waiting.push(body.id);
    }

    const positions = await until(
      async () => {
        const { body } = await stack.call('POST', '/v1/tasks/batch', { task_ids: waiting });
        return body.data.map(({ task_info }: Body) => task_info.queue_position);
      },
      (all) => new Set(all).size === waiting.length,
    );
    expect(positions.at(-1)).toBeLessThanOrEqual(2);
    expect(positions.toSorted()).toEqual([1, 2, 3, 4]);

    controlProvider(stack, { seconds: 1 });
    const ended = await Promise.all(waiting.map((id) => stack.endedTask(id)));
    expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('completed'));
  });

  test('a task that waits for a slot is cancelled at once and free of charge, and is never submitted', async () => {
    controlProvider(stack, { seconds: 20 });
    const before = (await mockProviderState(stack)).counts.submits;
    const running = [await stack.create(generation()), await stack.create(generation())];
    for (const { body } of running) await submitted(stack, body.id);
    const { body } = await stack.create(generation());
    await until(
      () => entered(stack, 'AwaitSlot', body.id),
      (times) => times === 1,
    );
    const waiting = await stack.call('GET', `/v1/tasks/${body.id}`);
    expect(waiting.body).toMatchObject({ status: 'pending', task_info: { can_cancel: true } });

    expect((await stack.call('POST', `/v1/tasks/${body.id}/cancel`)).status).toBe(200);

    expect(await stack.endedTask(body.id)).toMatchObject({
      status: 'failed',
      error: { code: 'request_cancelled' },
      usage: { credits_used: 0 },
    });
    await Promise.all(running.map((one) => stack.endedTask(one.body.id)));
    expect((await mockProviderState(stack)).counts.submits).toBe(before + 2);
  });
});

/** Waits until a provider has the job of a task. */
const submitted = (stack: TestStack, id: string) =>
  until(
    () => stack.taskItem(id),
    (item) => item['ticket'] !== undefined,
  );
