import { describe, expect, test } from 'vitest';
import { ProviderBusy, ProviderRefused } from '../../../functions/task/failures.ts';
import { pollTask } from '../../../functions/task/poll-task.ts';
import type { Progress } from '../../../functions/task/provider.ts';
import type { Failure, Task } from '../../../functions/task/task.ts';
import {
  memoryStore,
  memoryWorkflow,
  only,
  scriptedProvider,
  settableClock,
} from '../../support/fakes.ts';
import { completed, pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const deadlineAt = sampleTime + 900_000;
const failure: Failure = { code: 'service_error', message: 'The model broke down.' };
const made: Progress = {
  state: 'succeeded',
  images: [{ url: 'https://provider.example.com/1.png' }, failure],
};

const world = (task: Task, ...poll: readonly (Progress | Error)[]) => worldWith(task, { poll });

function worldWith(task: Task, script: Parameters<typeof scriptedProvider>[0]) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow();
  const provider = scriptedProvider(script);
  const busy: unknown[] = [];
  const providerBusy = (taskId: string, cause: ProviderBusy) => void busy.push([taskId, cause]);
  return {
    ...{ clock, workflow, provider, busy },
    poll: pollTask({ tasks, workflow, providers: only(provider), now: clock.now, providerBusy }),
    find: () => tasks.find(sampleId),
  };
}

describe('a job that is not finished', () => {
  test.each(['queued', 'running'] as const)('%s: the wait goes on', async (state) => {
    const { poll, find, workflow, provider } = world(processing(), { state });

    await poll(sampleId, 'token-1');

    expect(provider.polled).toEqual(['ticket-1']);
    expect(workflow.finished).toEqual([]);
    expect(await find()).toMatchObject({ wakeToken: 'token-1' });
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('a provider that cannot be asked is asked next time', async () => {
    const error = new ProviderBusy('503');
    const { poll, find, workflow, busy } = world(processing(), error, made);

    await poll(sampleId, 'token-1');
    expect(busy).toEqual([[sampleId, error]]);
    expect(workflow.finished).toEqual([]);

    await poll(sampleId, 'token-2');
    expect(workflow.finished).toEqual(['token-2']);
    expect(await find()).toMatchObject({ outcome: made });
  });
});

describe('a job that is finished', () => {
  test.each<Progress>([made, { state: 'failed', failure }])(
    '$state: the outcome is written and the polling ends',
    async (progress) => {
      const { poll, find, workflow } = world(processing(), progress);

      await poll(sampleId, 'token-1');

      expect(await find()).toMatchObject({ status: 'processing', outcome: progress });
      expect(workflow.finished).toEqual(['token-1']);
    },
  );

  test('in time or not, what was made is taken', async () => {
    const { poll, find, clock } = world(processing({ deadlineAt }), made);
    clock.advance(1_000_000);

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: made });
  });
});

describe('past the deadline', () => {
  const late = {
    code: 'generation_timeout',
    message: 'The provider took too long. Nothing was charged; send the task again.',
  };

  test.each<[string, Progress | Error]>([
    ['is still running', { state: 'running' }],
    ['cannot be asked', new ProviderBusy('503')],
  ])('a job that %s has failed', async (_what, answer) => {
    const { poll, find, workflow, clock } = world(processing({ deadlineAt }), answer);
    clock.advance(900_000);

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { state: 'failed', failure: late } });
    expect(workflow.finished).toEqual(['token-1']);
  });

  test('is not a millisecond before it', async () => {
    const { poll, workflow, clock } = world(processing({ deadlineAt }), { state: 'running' });
    clock.advance(899_999);

    await poll(sampleId, 'token-1');

    expect(workflow.finished).toEqual([]);
  });

  test('is also a task that nobody gave one', async () => {
    const { poll, find } = world(processing({ deadlineAt: undefined }), { state: 'running' });

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: { failure: { code: 'generation_timeout' } } });
  });
});

describe('cancelled', () => {
  const cancelled = {
    state: 'failed',
    failure: { code: 'request_cancelled', message: 'The task was cancelled. Nothing was charged.' },
  };
  const task = processing({ cancelledAt: sampleTime });

  test.each<[string, readonly (boolean | Error)[] | undefined, readonly string[]]>([
    ['it is called back', [true], ['ticket-1']],
    ['the provider may still begin with it', [false], ['ticket-1']],
    ['the provider cannot call back', undefined, []],
  ])('while it is queued: %s, and the task has failed', async (_what, cancel, calledBack) => {
    const { poll, find, workflow, provider } = worldWith(task, {
      ...{ cancel, poll: [{ state: 'queued' }] },
    });

    await poll(sampleId, 'token-1');

    expect(provider.calledBack).toEqual(calledBack);
    expect(await find()).toMatchObject({ outcome: cancelled });
    expect(workflow.finished).toEqual(['token-1']);
  });

  test.each<[string, Progress | Error]>([
    ['runs', { state: 'running' }],
    ['cannot be asked about', new ProviderBusy('503')],
  ])('a job that %s is left to run, and the task has failed', async (_what, answer) => {
    const { poll, find, workflow, provider } = worldWith(task, { cancel: [true], poll: [answer] });

    await poll(sampleId, 'token-1');

    expect(provider.calledBack).toEqual([]);
    expect(await find()).toMatchObject({ outcome: cancelled });
    expect(workflow.finished).toEqual(['token-1']);
  });

  test.each<Progress>([made, { state: 'failed', failure }])(
    'what became of it by now counts: it $state',
    async (progress) => {
      const { poll, find, provider } = worldWith(task, { cancel: [true], poll: [progress] });

      await poll(sampleId, 'token-1');

      expect(await find()).toMatchObject({ outcome: progress });
      expect(provider.calledBack).toEqual([]);
    },
  );

  test('and late, it was cancelled first of all', async () => {
    const { poll, find, clock } = world({ ...task, deadlineAt }, { state: 'running' });
    clock.advance(1_000_000);

    await poll(sampleId, 'token-1');

    expect(await find()).toMatchObject({ outcome: cancelled });
  });

  test('a question that breaks down on the way is asked again, with nothing written', async () => {
    const error = new Error('broken');
    const { poll, find, workflow } = worldWith(task, {
      ...{ cancel: [error, true], poll: [{ state: 'queued' }, { state: 'queued' }] },
    });

    expect(await thrownBy(poll(sampleId, 'token-1'))).toBe(error);
    expect(await find()).not.toHaveProperty('outcome');
    expect(workflow.finished).toEqual([]);

    await poll(sampleId, 'token-2');
    expect(await find()).toMatchObject({ outcome: cancelled });
  });
});

test.each<[string, Task]>([
  ['has its outcome', processing({ outcome: { state: 'failed', failure } })],
  ['has ended', completed()],
])('a task that %s ends the polling without a question', async (_what, task) => {
  const { poll, workflow, provider } = world(task, made);

  await poll(sampleId, 'token-1');

  expect(workflow.finished).toEqual(['token-1']);
  expect(provider.polled).toEqual([]);
});

test('a task that was never handed over cannot be polled', async () => {
  const { poll, workflow } = world(pending(), made);

  await expect(poll(sampleId, 'token-1')).rejects.toThrow('is polled without a ticket');
  expect(workflow.finished).toEqual([]);
});

test('an error that is no busyness escapes', async () => {
  const error = new ProviderRefused(failure);
  const { poll, workflow } = world(processing(), error);

  await expect(poll(sampleId, 'token-1')).rejects.toBe(error);
  expect(workflow.finished).toEqual([]);
});
