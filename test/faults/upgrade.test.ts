import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Body, until } from '../flow/open-stack.ts';
import { auditMoney, auditTasks } from './audit.ts';
import { isWaitingForProvider, isWaitingForSlot } from './execution-events.ts';
import type { FaultStack } from './fault-stack.ts';
import { openQueueStack } from './queue-stack.ts';
import { previousRelease, synthesiseRelease } from './release.ts';
import { runScenario } from './run-scenario.ts';
import { type SentTask, scenarioNamed, uploadForm } from './scenarios.ts';

// This version is deployed over the release before it, which has written rows and has tasks on their way.

const release = previousRelease();
const tag = 'tag' in release ? release.tag : '';
if (!('tag' in release)) process.stdout.write(`Skipped: the upgrade. ${release.noneBecause}\n`);

const byUrl = scenarioNamed('a success by URL');
const byUploads = scenarioNamed('a success by uploads');
const failed = scenarioNamed('a failure of the provider');

describe.skipIf(tag === '')('an upgrade from the release before', () => {
  let stack: FaultStack;
  let removeRelease = () => {};
  let ended: readonly SentTask[];
  let atProvider: SentTask;
  let queued: SentTask;
  let notUploaded: Body;
  let before: readonly Body[];

  const viewOf = async ({ id }: { readonly id: string }) =>
    (await stack.call('GET', `/v1/tasks/${id}`)).body;
  const ofFirst = async () => Promise.all(ended.map(viewOf));

  beforeAll(async () => {
    const { outdir, remove } = await synthesiseRelease(tag);
    removeRelease = remove;
    stack = await openQueueStack(1, { outdir, speed: 6 });
    stack.mockProvider.control(failed.provider);
    const failure = await runScenario(stack, failed);
    await until(stack.isIdle, Boolean);
    stack.mockProvider.control(byUrl.provider);
    ended = [failure, await runScenario(stack, byUrl), await runScenario(stack, byUploads)];
    await until(stack.isIdle, Boolean);
    before = await ofFirst();

    stack.mockProvider.control({ ...byUrl.provider, seconds: 60 });
    atProvider = await runScenario(stack, byUrl);
    await stack.taskEvents.waitFor(atProvider.id, isWaitingForProvider);
    queued = await runScenario(stack, byUrl);
    await stack.taskEvents.waitFor(queued.id, isWaitingForSlot);
    notUploaded = await stack.createTask({ prompt: 'Later', image_uploads: [uploadForm] });

    stack.update(inject('outdir'));
    stack.mockProvider.control(byUrl.provider);
  });
  afterAll(async () => {
    await stack?.close();
    removeRelease();
  });

  test('leaves ended tasks as they were for a caller with the same key', async () => {
    // The links to the results are signed at each response.
    const withoutLinks = (tasks: readonly Body[]) =>
      tasks.map(({ results, request, ...task }) => ({
        ...task,
        results: results?.length,
        prompt: request?.prompt,
      }));

    expect(before.map(({ status }) => status)).toEqual(['failed', 'completed', 'completed']);
    expect(withoutLinks(await ofFirst())).toMatchObject(withoutLinks(before));
    const { body } = await stack.call('GET', '/v1/tasks');
    expect(body.data.map(({ id }: Body) => id)).toEqual(
      expect.arrayContaining(ended.map(({ id }) => id)),
    );
  });

  test('lets the tasks that are on their way end as usual, at the provider, in the queue and before their uploads', async () => {
    await byUploads.afterCreate?.(stack, notUploaded);
    await until(stack.isIdle, Boolean);
    await stack.reconcileUntilDone([atProvider.id, queued.id, notUploaded.id]);

    const audited = [atProvider, queued].map((task) => ({ ...task, allowedEnds: [byUrl.end] }));
    expect(await auditTasks(stack, audited)).toEqual([[], []]);
    expect((await viewOf(notUploaded)).status).toBe('completed');
  });

  test('takes new tasks, and the money adds up over both versions', async () => {
    const fresh = await runScenario(stack, byUrl);
    await until(stack.isIdle, Boolean);

    expect((await viewOf(fresh)).status).toBe('completed');
    expect(await auditMoney(stack)).toEqual([]);
  });
});
