import { describe, expect, test } from 'vitest';
import {
  type CallbackRecord,
  isEnded,
  type Outcome,
  requestOf,
  type Settled,
} from '../../../../functions/domain/model/task.ts';
import {
  CallbackFailed,
  ResultUnavailable,
} from '../../../../functions/domain/model/workflow-errors.ts';
import { endTask } from '../../../../functions/domain/tasks/end-task.ts';
import { completed, processing, sampleId } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const callbackUrl = 'https://example.com/hook';
const outcome: Outcome = {
  state: 'succeeded',
  images: [{ url: 'https://provider.example.com/1' }],
};
const delivered: CallbackRecord = { state: 'delivered', attempts: 1 };

type Context = {
  readonly task?: Parameters<typeof processing>[0];
  /** What the settlement finds; without it, it settles the task. */
  readonly settlement?: () => Promise<Settled | undefined>;
  readonly secrets?: () => Promise<readonly string[]>;
  /** The task was deleted as soon as it was settled. */
  readonly isDeleted?: boolean;
  readonly send?: () => Promise<CallbackRecord | undefined>;
};

/** Records what ending a task does, in its order. */
function context({
  task: more = { callbackUrl },
  settlement,
  secrets = async () => ['the secret'],
  isDeleted = false,
  send = async () => delivered,
}: Context = {}) {
  const steps: string[] = [];
  const task = processing({ outcome, ...more });
  const end = endTask({
    tasks: { findRequest: async () => (isDeleted ? undefined : requestOf(completed())) },
    settle: async (settling, { isFirst }) => {
      steps.push(`settle${isFirst ? ' for the first time' : ''}`);
      const settled = settlement
        ? await settlement()
        : { task: settling, ended: completed({ callbackUrl: settling.callbackUrl }) };
      steps.push('settled');
      return settled;
    },
    settled: (settled) => void steps.push(settled ? 'reported' : 'nothing to report'),
    secretsOf: async (account) => {
      steps.push(`read the secrets of ${account}`);
      return secrets();
    },
    sendCallback: async (ended, signedWith) => {
      expect(isEnded(ended)).toBe(true);
      steps.push(`send ${ended.prompt}, signed with ${signedWith}`);
      return send();
    },
    notifyCaller: async (id) => {
      steps.push(`notify the caller of ${id}`);
      return delivered;
    },
    recordDuration: async (settled) => void steps.push(settled ? 'duration' : 'no duration'),
  });
  return { steps, end: (isFirst = true) => end(task, { isFirst }) };
}

test('a task is settled, then its caller is notified, and its duration is recorded last', async () => {
  const { steps, end } = context();

  expect(await end()).toEqual(delivered);

  expect(steps).toEqual([
    'read the secrets of default',
    'settle for the first time',
    'settled',
    'reported',
    `send ${completed().prompt}, signed with the secret`,
    'duration',
  ]);
});

test('a task without a callback_url is settled, and no secret is read', async () => {
  const { steps, end } = context({ task: {} });

  expect(await end(false)).toBeUndefined();

  expect(steps).toEqual(['settle', 'settled', 'reported', 'duration']);
});

test('a task that somebody else has settled has its caller notified by what is on its record', async () => {
  const { steps, end } = context({ settlement: async () => undefined });

  expect(await end()).toEqual(delivered);

  expect(steps.slice(2)).toEqual([
    'settled',
    'nothing to report',
    `notify the caller of ${sampleId}`,
    'no duration',
  ]);
});

describe('nobody is notified', () => {
  test('when the task was deleted meanwhile', async () => {
    const { steps, end } = context({ isDeleted: true });

    expect(await end()).toBeUndefined();

    expect(steps.slice(-3)).toEqual(['settled', 'reported', 'duration']);
  });

  test('when the task could not be settled', async () => {
    const error = new ResultUnavailable('result 1 has status 503');
    const { steps, end } = context({ settlement: () => Promise.reject(error) });

    expect(await thrownBy(end())).toBe(error);

    expect(steps).toEqual(['read the secrets of default', 'settle for the first time']);
  });

  test('when the secrets could not be read, after the task was settled', async () => {
    const error = new Error('throttled');
    const { steps, end } = context({ secrets: () => Promise.reject(error) });

    expect(await thrownBy(end())).toBe(error);

    expect(steps.slice(-3)).toEqual(['settled', 'reported', 'duration']);
  });
});

test('a callback that is not taken is an error, and the duration is recorded all the same', async () => {
  const error = new CallbackFailed('attempt 1 got status 503');
  const { steps, end } = context({ send: () => Promise.reject(error) });

  expect(await thrownBy(end())).toBe(error);

  expect(steps.at(-1)).toBe('duration');
});
