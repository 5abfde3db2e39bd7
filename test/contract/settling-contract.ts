import { expect, test } from 'vitest';
import type { EndedTask } from '../../functions/domain/model/task.ts';
import { settleTask } from '../../functions/domain/tasks/settle-task.ts';
import { memoryResults } from '../support/fakes.ts';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  draft,
  findKeyOf,
  findTask,
  fundedStore,
  keyId,
  type MakeStore,
  openTask,
  settle,
  spendingOf,
} from './stores.ts';

const ended = { reserved: 0, inFlight: 0 };

/** What every ledger guarantees about settling tasks. */
export function settlingContract(make: MakeStore): void {
  test.each<[string, (id: string) => EndedTask, number]>([
    [
      'a completed task charges everything that was generated',
      (id) => completed({ id, charged: 1200 }),
      1200,
    ],
    [
      'a partly completed task returns the price of the rest',
      (id) => completed({ id, charged: 400 }),
      400,
    ],
    ['a failed task returns everything', (id) => failed({ id }), 0],
  ])('%s, to the account and to the key', async (_, ending, used) => {
    const store = await make();
    const { id } = await openTask(store);
    const end = ending(id);

    expect(await settle(store, end)).toEqual(end);
    expect(await findTask(store, id)).toEqual(end);
    expect(await auditedFunds(store)).toEqual({ balance: 1200 - used, used, ...ended });
    expect(await spendingOf(store)).toEqual({ reserved: 0, used });
  });

  test('settling a task leaves no fact of its generation in the record', async () => {
    const store = await make();
    const { id } = await openTask(store);
    await store.tasks.acquireSubmitLock(id, 'evolink', 1);
    await store.tasks.releaseSubmitLock(id, 1, 'busy');
    await store.tasks.acquireSubmitLock(id, 'evolink', 2, {
      images: ['https://example.com/1.png'],
    });
    await store.tasks.recordSubmitted(id, 'ticket', sampleTime, { typicalSeconds: 40 });
    await store.tasks.saveTaskToken(id, 'token');
    await store.tasks.recordProviderWebhook(id, 'evolink', sampleTime);
    await store.tasks.recordOutcome(id, { state: 'succeeded', images: [] }, sampleTime);

    const deps = {
      results: memoryResults(),
      now: () => sampleTime,
      retentionDays: 30,
      releaseSlot: async () => undefined,
    };
    await settleTask({ ...deps, tasks: store.tasks, ledger: store.ledger })(id);

    const task = await store.tasks.find(id);
    expect(task).toMatchObject({ status: 'failed', provider: 'evolink', typicalSeconds: 40 });
    for (const trace of [
      ...[
        'nextCheckAt',
        'checkShard',
        'lockOwner',
        'submitLockedAt',
        'submittedRequest',
        'busyCount',
      ],
      ...['providerWebhookAt', 'wakeToken', 'outcome', 'outcomeAt'],
    ]) {
      expect(task).not.toHaveProperty(trace);
    }
  });

  test('settling a task twice changes nothing the second time', async () => {
    const store = await make();
    const { id } = await openTask(store);
    const end = completed({ id, charged: 400 });
    await settle(store, end);

    expect(await settle(store, end)).toBeUndefined();
    expect(await settle(store, failed({ id, finishedAt: 1 }))).toBeUndefined();
    expect(await findTask(store, id)).toEqual(end);
    expect(await auditedFunds(store)).toEqual({ balance: 800, used: 400, ...ended });
    expect(await spendingOf(store)).toMatchObject({ reserved: 0, used: 400 });
  });

  test('settling a task that does not exist moves no money', async () => {
    const store = await fundedStore(make, 1200);
    await openTask(store);

    expect(await settle(store, failed({ id: draft().id }))).toBeUndefined();
    expect(await auditedFunds(store)).toEqual({
      balance: 1200,
      reserved: 1200,
      used: 0,
      inFlight: 1,
    });
  });

  test.each([
    ['more', 1201],
    ['less', 1199],
  ])(
    'settling for %s than is reserved is an error, and the task stays active',
    async (_, reserved) => {
      const store = await fundedStore(make, 5000);
      const task = await openTask(store);
      const [has, spent] = [await auditedFunds(store), await findKeyOf(store)];

      await expect(settle(store, failed({ id: task.id, reserved }))).rejects.toThrow(task.id);

      expect(await store.tasks.find(task.id)).toEqual(task);
      expect(await auditedFunds(store)).toEqual(has);
      expect(await findKeyOf(store)).toEqual(spent);
    },
  );

  test('a task is settled also when its key was deleted in the meantime', async () => {
    const store = await make();
    const { id } = await openTask(store);
    await store.apiKeys.remove(keyId);

    expect(await settle(store, completed({ id, charged: 400 }))).toMatchObject({ id });

    expect(await auditedFunds(store)).toEqual({ balance: 800, used: 400, ...ended });
    expect(await store.apiKeys.find(keyId)).toBeUndefined();
  });
}
