import { expect, test } from 'vitest';
import { noSpending } from '../../functions/task/api-key.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { keyOf, sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { account, draft, funded, grant, keyId, keyIn, type Make, opened } from './stores.ts';

const nothing = { reserved: 0, used: 0, inFlight: 0 };

/** What every ledger guarantees about taking tasks in. */
export function openingContract(make: Make): void {
  test('sets its price aside, to the last credit', async () => {
    const store = await funded(make, 1200);
    const task = draft();

    expect(await store.ledger.open(task)).toEqual({ state: 'opened' });
    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(await sound(store)).toEqual({ balance: 0, reserved: 1200, used: 0, inFlight: 1 });
  });

  test.each([
    ['without enough credits', 1199],
    ['without any', 0],
  ])('%s writes nothing, and is not remembered', async (_, credits) => {
    const store = await funded(make, credits);
    const task = draft();
    const remembered = {
      ...{ id: 'key-sample#0123456789abcdef', requestHash: 'hash' },
      expiresAt: sampleTime + rememberedForMs,
    };

    expect(await store.ledger.open(task, remembered)).toEqual({
      ...{ state: 'insufficient', balance: credits },
    });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await sound(store)).toEqual({ balance: credits, ...nothing });
    expect(await keyIn(store)).toMatchObject(noSpending);

    await grant(store, account, 1200);
    expect(await store.ledger.open(task, remembered)).toEqual({ state: 'opened' });
  });

  test('for an account that nobody made is an error', async () => {
    const { ledger, tasks } = await make();
    const task = draft({ account: 'nobody' });

    await expect(ledger.open(task)).rejects.toThrow('nobody');
    expect(await tasks.find(task.id)).toBeUndefined();
  });

  test('under an id that is taken is refused, and the first one stays as it is', async () => {
    const store = await make();
    const task = await opened(store);
    await grant(store, account, 5000);

    await expect(store.ledger.open({ ...task, prompt: 'Another' })).rejects.toThrow(task.id);

    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(await sound(store)).toEqual({ balance: 5000, reserved: 1200, used: 0, inFlight: 1 });
    expect(await keyIn(store)).toMatchObject({ reserved: 1200, moves: 1 });
  });

  test.each<[string, string]>([
    ['was deleted', keyId],
    ['nobody made', keyOf('somebody-else')],
  ])('with a key that %s writes nothing', async (_, gone) => {
    const store = await funded(make, 5000);
    await store.apiKeys.remove(keyId);
    const task = draft({ keyId: gone });

    expect(await store.ledger.open(task)).toEqual({ state: 'key-gone' });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await sound(store)).toEqual({ balance: 5000, ...nothing });
  });

  test('is paid by its account alone, and counted for its key alone', async () => {
    const store = await funded(make, 5000);
    await grant(store, 'studio', 5000);

    await opened(store);

    expect(await sound(store, 'studio')).toEqual({ balance: 5000, ...nothing });
    expect(await keyIn(store, keyOf('studio'))).toMatchObject(noSpending);
    expect(await keyIn(store)).toMatchObject({ reserved: 1200, used: 0, moves: 1 });
  });
}
