import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Progress } from '../../../../functions/domain/model/provider.ts';
import type { ActiveTask, Outcome } from '../../../../functions/domain/model/task.ts';
import { cancelTask } from '../../../../functions/domain/tasks/cancel-task.ts';
import { pollTask } from '../../../../functions/domain/tasks/poll-task.ts';
import { memoryStore, memoryWorkflow, only } from '../../../support/fakes.ts';
import { processing, sampleCaller, sampleId, sampleTime } from '../../../support/tasks.ts';

// A wake-up ends a wait, and the state machine enters PollTask again. Here the test stands in for the state machine: a
// token is valid until something has ended its wait.

const running: Progress = { state: 'running' };
const queued: Progress = { state: 'queued' };

/** A task in PollTask whose provider answers when the test says so. */
function context(more: Parameters<typeof processing>[0] = {}) {
  const { tasks, put } = memoryStore();
  put(processing({ cancellable: true, wakeToken: 'token of an earlier wait', ...more }));
  const recorded = memoryWorkflow();
  const answers: ((progress: Progress) => void)[] = [];
  const runs: Promise<unknown>[] = [];
  const atATime: number[] = [];
  /** The outcomes by which the task was ended. */
  const ended: unknown[] = [];
  let open = 0;
  let entered = 0;
  const provider = {
    retentionMs: 1,
    supportsWebhook: true,
    poll: async (): Promise<Progress> => {
      open += 1;
      atATime.push(open);
      const { promise, resolve } = Promise.withResolvers<Progress>();
      answers.push(resolve);
      return promise.finally(() => {
        open -= 1;
      });
    },
  };
  const liveToken = () => `token-${entered}`;
  /** Ends the wait of the present state, which enters PollTask again. */
  const endWait = async (token: string) => {
    if (token === liveToken()) enter();
  };
  const workflow = {
    ...recorded,
    wake: async (token: string) => {
      await recorded.wake(token);
      await endWait(token);
    },
  };
  const unexpected = () => expect.unreachable();
  const poll = pollTask({
    tasks,
    workflow,
    releaseSlot: async () => undefined,
    providers: only(provider),
    now: () => sampleTime,
    endTask: async ({ outcome }) => void ended.push(outcome),
    notifyCaller: unexpected,
    endingFailed: unexpected,
    providerBusy: unexpected,
    unanswered: unexpected,
    overdue: unexpected,
  });
  function enter(): void {
    entered += 1;
    runs.push(poll(sampleId, liveToken(), 4));
  }
  const settle = async () => {
    for (let n = 0; n < 20; n += 1) await setImmediate();
  };
  return {
    tasks,
    workflow: recorded,
    atATime,
    ended,
    runs,
    polls: () => answers.length,
    begin: async () => {
      enter();
      await settle();
    },
    answer: async (progress: Progress) => {
      answers.at(-1)?.(progress);
      await settle();
    },
    /** The provider's webhook comes. */
    receiveWebhook: async () => {
      const task = await tasks.recordProviderWebhook(sampleId, 'dashscope', sampleTime + 1);
      if (task?.wakeToken) await workflow.wake(task.wakeToken);
      await settle();
    },
    cancel: async () => {
      const wakeFailed = unexpected;
      await cancelTask({ tasks, workflow, now: () => sampleTime, wakeFailed })(
        sampleId,
        sampleCaller.account,
      );
      await settle();
    },
    recordOutcome: (outcome: Outcome): Promise<ActiveTask | undefined> =>
      tasks.recordOutcome(sampleId, outcome),
  };
}

describe('while a poll waits for its answer', () => {
  test.each(['receiveWebhook', 'cancel'] as const)(
    'no other begins (%s), and the next one comes as soon as it is over',
    async (event) => {
      const stack = context();
      await stack.begin();

      await stack[event]();
      expect(stack.polls()).toBe(1);
      await stack.answer(queued);

      expect(stack.polls()).toBe(2);
      expect(stack.atATime).toEqual([1, 1]);
    },
  );

  test('several wake-ups lead to one more poll', async () => {
    const stack = context();
    await stack.begin();

    await stack.receiveWebhook();
    await stack.cancel();
    await stack.receiveWebhook();
    await stack.answer(queued);

    expect(stack.atATime).toEqual([1, 1]);
    expect(stack.workflow.woken.filter((token) => token === 'token-1')).toHaveLength(1);
  });

  test('an outcome that was written in the meantime ends the task and the polling, and stays', async () => {
    const stack = context();
    const outcome: Outcome = {
      state: 'failed',
      failure: { code: 'service_error', message: 'It broke.' },
    };
    await stack.begin();

    await stack.recordOutcome(outcome);
    await stack.answer(running);

    expect(stack.ended).toEqual([outcome]);
    expect(stack.workflow.finished).toEqual(['token-1']);
    expect(await stack.tasks.find(sampleId)).toMatchObject({ outcome });
  });
});

describe('after a poll', () => {
  test.each(['receiveWebhook', 'cancel'] as const)(
    'news ends the wait at once (%s)',
    async (event) => {
      const stack = context();
      await stack.begin();
      await stack.answer(queued);

      await stack[event]();

      expect(stack.polls()).toBe(2);
      expect(stack.workflow.woken).toEqual(['token-1']);
    },
  );

  test('news that the poll had read when it began does not end the wait', async () => {
    const stack = context({ cancelledAt: sampleTime, providerWebhookAt: sampleTime });
    await stack.begin();

    await stack.answer(running);

    expect(stack.polls()).toBe(1);
    expect(stack.workflow.woken).toEqual([]);
    expect(await stack.tasks.find(sampleId)).toMatchObject({ wakeToken: 'token-1' });
  });
});

test('a poll that finds the job finished saves no token, so that nothing ends its wait but itself', async () => {
  const stack = context();
  await stack.begin();

  await stack.answer({ state: 'succeeded', images: [] });
  await stack.receiveWebhook();

  expect(stack.workflow.finished).toEqual(['token-1']);
  expect(stack.polls()).toBe(1);
});
