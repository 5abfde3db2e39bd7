import { expect, test } from 'vitest';
import { linkValidForMs, type Task } from '../../../../functions/domain/model/task.ts';
import { isValidLink } from '../../../../functions/domain/wire/result-link.ts';
import {
  callbackBodyFor,
  endedTaskResponseFor,
  taskResponseFor,
} from '../../../../functions/domain/wire/task-response.ts';
import { signingWith } from '../../../support/signing.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';

function context(typicalSeconds = 30) {
  let secretsRead = 0;
  const deps = {
    baseUrl: 'https://api.example.com',
    now: () => sampleTime + 18_000,
    typicalSeconds: () => typicalSeconds,
    queued: async () => ({ position: 3, waitSeconds: 18, jobSeconds: 30 }),
    secret: async () => {
      secretsRead += 1;
      return 'a signing secret';
    },
  };
  return {
    respond: taskResponseFor(deps),
    respondEnded: endedTaskResponseFor(deps),
    bodyOf: callbackBodyFor(deps),
    secretsRead: () => secretsRead,
  };
}

test('a completed task carries links that work for 24 hours from now', async () => {
  const body = await context().respond(completed());

  const [link0 = ''] = body.status === 'completed' ? body.results : [];
  const { origin, pathname, searchParams } = new URL(link0);
  expect(origin + pathname).toBe(`https://api.example.com/v1/results/${sampleId}/1`);
  const expires = Number(searchParams.get('expires'));
  expect(expires * 1000).toBe(sampleTime + 18_000 + linkValidForMs);
  const link = { taskId: sampleId, n: 1, expires };
  const signature = searchParams.get('signature') ?? '';
  expect(await isValidLink(signingWith('a signing secret'), link, signature, sampleTime)).toBe(
    true,
  );
});

test.each([pending(), processing(), failed()])(
  'for a $status task no secret is read',
  async (task) => {
    const { respond, secretsRead } = context();

    expect(await respond(task)).toMatchObject({ id: sampleId, status: task.status });

    expect(secretsRead()).toBe(0);
  },
);

test('only a task that waits for a slot has a place in the queue', async () => {
  const queue = { pools: ['fal'], since: sampleTime };
  const placeOf = async (task: Task) => (await context().respond(task)).task_info;

  expect(await placeOf(pending({ queue }))).toEqual({
    can_cancel: true,
    queue_position: 3,
    estimated_time: 48,
  });
  for (const task of [pending(), pending({ queue, submitLockedAt: 1 }), processing({ queue })]) {
    expect(await placeOf(task)).not.toHaveProperty('queue_position');
  }
  expect(await placeOf(pending({ queue, cancelledAt: 1 }))).toEqual({
    can_cancel: false,
    cancel_requested: true,
  });
});

test('progress follows the typical duration that the deployment sets', async () => {
  expect(await context().respond(processing())).toMatchObject({ progress: 50 });
  expect(await context(15).respond(processing())).toMatchObject({ progress: 95 });
});

test('the body of a callback is the task without its story', async () => {
  const task = completed({
    callbackUrl: 'https://example.com/hook',
    metadata: { order: '7' },
    callback: { state: 'retrying', attempts: 2 },
  });
  const { callback, request, key, events, ...rest } = await context().respondEnded(task);

  expect(callback).toMatchObject({ status: 'retrying', url: 'https://example.com/hook' });
  expect(request.prompt).toBe(task.prompt);
  expect(key.id).toBe(task.keyId);
  expect(events.length).toBeGreaterThan(0);
  expect(await context().bodyOf(task)).toStrictEqual(rest);
});
