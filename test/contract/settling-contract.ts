import { expect, test } from 'vitest';
import { settleTask } from '../../functions/task/settle-task.ts';
import type { Ended } from '../../functions/task/task.ts';
import { memoryResults } from '../support/fakes.ts';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { draft, funded, keyId, keyIn, type Make, opened } from './stores.ts';

const ended = { reserved: 0, inFlight: 0 };

/** What every ledger guarantees about the end of tasks. */
export function settlingContract(make: Make): void {
  test.each<[string, (id: string) => Ended, number]>([
    ['charges all of what was made', (id) => completed({ id, charged: 1200 }), 1200],
    ['returns the price of what was not', (id) => completed({ id, charged: 400 }), 400],
    ['returns everything when nothing was', (id) => failed({ id }), 0],
  ])('%s, to the account and to the key', async (_, ending, used) => {
    const store = await make();
    const { id } = await opened(store);
    const end = ending(id);

    expect(await store.ledger.settle(end)).toEqual(end);
    expect(await store.tasks.find(id)).toEqual(end);
    expect(await sound(store)).toEqual({ balance: 1200 - used, used, ...ended });
    expect(await keyIn(store)).toMatchObject({ reserved: 0, used, dayUsed: used, moves: 2 });
  });

  test('leaves nothing of the way there on the record', async () => {
    const store = await make();
    const { id } = await opened(store);
    await store.tasks.submitting(id, 'evolink', 1);
    await store.tasks.notSubmitted(id, 1);
    await store.tasks.submitting(id, 'evolink', 2, { images: ['https://example.com/1.png'] });
    await store.tasks.submitted(id, 'ticket', sampleTime, 40);
    await store.tasks.waiting(id, 'token');
    await store.tasks.providerCalled(id, 'evolink', sampleTime);
    await store.tasks.outcome(id, { state: 'succeeded', images: [] }, sampleTime);

    const needs = { results: memoryResults(), now: () => sampleTime };
    await settleTask({ ...needs, tasks: store.tasks, ledger: store.ledger })(id);

    const task = await store.tasks.find(id);
    expect(task).toMatchObject({ status: 'failed', provider: 'evolink', expectedSeconds: 40 });
    for (const trace of [
      ...['dueAt', 'dueShard', 'asker', 'submittingAt', 'wording', 'refusals'],
      ...['calledBackAt', 'wakeToken', 'outcome', 'outcomeAt'],
    ]) {
      expect(task).not.toHaveProperty(trace);
    }
  });

  test('a second time moves nothing and changes nothing', async () => {
    const store = await make();
    const { id } = await opened(store);
    const end = completed({ id, charged: 400 });
    await store.ledger.settle(end);

    expect(await store.ledger.settle(end)).toBeUndefined();
    expect(await store.ledger.settle(failed({ id, finishedAt: 1 }))).toBeUndefined();
    expect(await store.tasks.find(id)).toEqual(end);
    expect(await sound(store)).toEqual({ balance: 800, used: 400, ...ended });
    expect(await keyIn(store)).toMatchObject({ reserved: 0, used: 400, moves: 2 });
  });

  test('that is not there moves nothing', async () => {
    const store = await funded(make, 1200);
    await opened(store);

    expect(await store.ledger.settle(failed({ id: draft().id }))).toBeUndefined();
    expect(await sound(store)).toEqual({ balance: 1200, reserved: 1200, used: 0, inFlight: 1 });
  });

  test.each([
    ['more', 1201],
    ['less', 1199],
  ])('for %s than is set aside is refused, and the task goes on', async (_, reserved) => {
    const store = await funded(make, 5000);
    const task = await opened(store);
    const [has, spent] = [await sound(store), await keyIn(store)];

    await expect(store.ledger.settle(failed({ id: task.id, reserved }))).rejects.toThrow(task.id);

    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(await sound(store)).toEqual(has);
    expect(await keyIn(store)).toEqual(spent);
  });

  test('whose key was deleted meanwhile charges and returns as ever', async () => {
    const store = await make();
    const { id } = await opened(store);
    await store.apiKeys.remove(keyId);

    expect(await store.ledger.settle(completed({ id, charged: 400 }))).toMatchObject({ id });

    expect(await sound(store)).toEqual({ balance: 800, used: 400, ...ended });
    expect(await store.apiKeys.find(keyId)).toBeUndefined();
  });
}
