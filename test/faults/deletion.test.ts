import { isDeepStrictEqual } from 'node:util';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Body, until, upload } from '../flow/open-stack.ts';
import { storedPictures } from '../flow/stored-pictures.ts';
import type { InjectedFault } from '../support/faults/fault-queue.ts';
import { auditMoney } from './audit.ts';
import { type CrashPoint, crashPointsOf, formatCrashPoint, intersect } from './crash-points.ts';
import { mentions } from './fault-case.ts';
import { type FaultStack, openFaultStack } from './fault-stack.ts';
import { concurrentTasks, mapConcurrently, runScenario } from './run-scenario.ts';
import { sample } from './sample.ts';
import { type SentTask, scenarioNamed, smallImage, uploadAll, uploadForm } from './scenarios.ts';

// A deletion can crash like everything else. Whatever crashes, the task is whole or gone. As soon as its record says
// that it was deleted, nothing of it can be read. The rest is deleted later, also if the caller never comes back.

const byUploads = scenarioNamed('a success by uploads');
let stack: FaultStack;

beforeAll(async () => {
  stack = await openFaultStack({
    outdir: inject('outdir'),
    callbackStatus: (path) => (path === '/broken' ? 500 : 200),
  });
});
afterAll(() => stack?.close());

const remove = (id: string) => stack.call('DELETE', `/v1/tasks/${id}`);
const functions = ['api/delete-task', 'events/delete-pictures'];

/** With more tasks at a time, they would wait for functions most of the time, and be throttled again and again. */
const tasksAtATime = 16;

/** Completed tasks, as their caller reads them. */
async function completedTasks(count: number): Promise<readonly Body[]> {
  const tasks: SentTask[] = [];
  while (tasks.length < count) {
    const batch = Array(Math.min(tasksAtATime, count - tasks.length)).fill(byUploads);
    const some = await mapConcurrently(concurrentTasks, batch, (scenario) =>
      runScenario(stack, scenario),
    );
    await stack.reconcileUntilDone(some.map(({ id }) => id));
    tasks.push(...some);
  }
  return Promise.all(
    tasks.map(async ({ id }) => (await stack.call('GET', `/v1/tasks/${id}`)).body),
  );
}

async function record(): Promise<readonly CrashPoint[]> {
  const recordRun = async () => {
    const [task] = await completedTasks(1);
    const before = stack.invocations.length;
    await remove(task.id);
    return crashPointsOf(stack.invocations.slice(before), (name) => functions.includes(name));
  };
  const first = await recordRun();
  return intersect(await recordRun(), first);
}

type Deletion = {
  readonly task: Body;
  readonly crashPoint: CrashPoint;
  readonly crash: InjectedFault;
  readonly isRepeated: boolean;
};

/** Deletes a task while a function crashes; the caller asks again, or never comes back. */
async function deleteCrashing(
  task: Body,
  crashPoint: CrashPoint,
  isRepeated: boolean,
): Promise<Deletion> {
  const crash = stack.faults.crash({ ...crashPoint, nth: 1, matching: mentions(task.id) });
  await remove(task.id);
  if (isRepeated) {
    await until(
      () => remove(task.id),
      ({ status }) => status === 200,
    );
  }
  return { task, crashPoint, crash, isRepeated };
}

/** The state of a whole task, and of a deleted one. Pictures are uploads, copies and results. */
const whole = { status: 200, links: [200], pictures: 5, hasPrompt: true };
const gone = { status: 404, links: [410], pictures: 0, hasPrompt: false };

/** All items of a task: its state and its request. */
async function itemsOf(id: string): Promise<readonly unknown[]> {
  const { Items = [] } = await stack.dynamoDb.send(
    new QueryCommand({
      TableName: stack.tableWithKey('id'),
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: id } },
      ConsistentRead: true,
    }),
  );
  return Items;
}

async function problemsOf({ task, crashPoint, crash, isRepeated }: Deletion) {
  const { id } = task;
  const row = await stack.taskItem(id);
  const isDeleted = row['status'] === 'deleted';
  const entries = (await stack.entries()).filter(({ taskId }) => taskId === id);
  const actual = {
    status: (await stack.call('GET', `/v1/tasks/${id}`)).status,
    links: await Promise.all(task.results.map((url: string) => statusOf(url))),
    pictures: (await storedPictures(stack, id)).length,
    hasPrompt: JSON.stringify(await itemsOf(id)).includes('In grey'),
  };
  const claims = {
    'the crash has happened': crash.hasHappened(),
    'it is deleted if the caller asked again': isDeleted || !isRepeated,
    [`it is whole or gone, not ${JSON.stringify(actual)}`]: isDeepStrictEqual(
      actual,
      isDeleted ? gone : whole,
    ),
    'it has no further check': row['nextCheckAt'] === undefined,
    'its entries stay': entries.map(({ kind }) => kind).join() === 'reserve,settle',
  };
  const label = `${formatCrashPoint(crashPoint)}${isRepeated ? ', and the caller asks again' : ''}`;
  return Object.entries(claims).flatMap(([claim, holds]) =>
    holds ? [] : [`${label}: it does not hold that ${claim}`],
  );
}

const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
};

test('whatever crashes while a task is deleted, the task is whole or gone in the end, with its pictures', async () => {
  stack.mockProvider.control(byUploads.provider);
  const crashPoints = sample(await record());
  const cases = crashPoints.flatMap((point) => [
    { point, isRepeated: false },
    { point, isRepeated: true },
  ]);
  const tasks = await completedTasks(cases.length);

  const deletions = await mapConcurrently(
    concurrentTasks,
    cases.map((one, index) => ({ ...one, task: tasks[index] })),
    ({ task, point, isRepeated }) => deleteCrashing(task, point, isRepeated),
  );
  await stack.reconcileUntilDone(tasks.map(({ id }) => id));
  const problems = (await mapConcurrently(4, deletions, problemsOf)).flat();

  process.stdout.write(
    `deletions crashed ${deletions.length} times, ${problems.length} problems\n`,
  );
  expect(crashPoints.length).toBeGreaterThan(3);
  expect(new Set(crashPoints.map((point) => point.function)).size).toBe(functions.length);
  expect(problems).toEqual([]);
  expect(await auditMoney(stack)).toEqual([]);
}, 300_000);

describe('after a deletion', () => {
  test('a callback with a scheduled retry is not sent any more', async () => {
    stack.mockProvider.control(byUploads.provider);
    const created = await stack.createTask({
      ...smallImage('which nobody wants to know of'),
      image_uploads: [uploadForm],
      callback_url: `${stack.receiver.url}/broken`,
    });
    await uploadAll(stack, created);
    await until(
      () => stack.taskItem(created.id),
      (row: Body) => row.callback?.state === 'retrying' && row.callback.attempts === 4,
    );
    await until(stack.isIdle, Boolean);
    const before = stack.receiver.deliveriesOf(created.id).length;
    // At least: an attempt whose state is over before its function, which is not sped up, is repeated and not counted.
    expect(before).toBeGreaterThanOrEqual(4);

    await remove(created.id);
    const runs = await stack.reconcileUntilDone([created.id]);

    expect(runs).toBeGreaterThan(0);
    expect(stack.receiver.deliveriesOf(created.id)).toHaveLength(before);
    expect(await stack.taskItem(created.id)).toMatchObject({ status: 'deleted' });
  });

  test('a picture that is uploaded all the same is deleted as soon as no other can come', async () => {
    const created = await stack.createTask({
      ...smallImage('whose caller uploads late'),
      image_uploads: [uploadForm],
    });
    await stack.call('POST', `/v1/tasks/${created.id}/cancel`);
    await stack.reconcileUntilDone([created.id]);
    expect((await remove(created.id)).status).toBe(200);
    expect(await upload(created.uploads[0], await pictureOf(stack))).toBe(204);
    expect(await storedPictures(stack, created.id)).toHaveLength(1);

    await stack.reconcileUntilDone([created.id]);

    expect(await storedPictures(stack, created.id)).toEqual([]);
    expect((await stack.call('GET', `/v1/tasks/${created.id}`)).status).toBe(404);
  });
});

const pictureOf = async ({ imageUrl }: FaultStack): Promise<Uint8Array> =>
  (await fetch(imageUrl)).bytes();
