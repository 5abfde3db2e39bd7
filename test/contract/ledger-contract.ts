import { describe, expect, test } from 'vitest';
import { rememberedForMs } from '../../functions/task/remember.ts';
import type { Ended } from '../../functions/task/task.ts';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { draft, grant, type Make, opened, type Store } from './stores.ts';

const account = 'default';
const key = {
  id: 'key-sample#0123456789abcdef',
  requestHash: 'hash of the first',
  expiresAt: sampleTime + rememberedForMs,
};

/** What the account has, after making sure that nothing was made or lost. */
async function sound({ funds }: Store) {
  const { granted, ...has } = await funds(account);
  expect(has.balance + has.reserved + has.used).toBe(granted);
  return has;
}

async function funded(make: Make, amount: number): Promise<Store> {
  const store = await make();
  await grant(store, account, amount);
  return store;
}

/** What every ledger guarantees, one caller after the other. */
export function ledgerContract(make: Make): void {
  describe('opening a task', () => {
    test('sets its price aside, to the last credit', async () => {
      const store = await funded(make, 1200);

      expect(await store.ledger.open(draft())).toEqual({ state: 'opened' });
      expect(await sound(store)).toEqual({ balance: 0, reserved: 1200, used: 0 });
    });

    test.each([
      ['without enough credits', 1199],
      ['without any', 0],
    ])('%s writes nothing', async (_, credits) => {
      const store = await funded(make, credits);
      const task = draft();

      expect(await store.ledger.open(task, key)).toEqual({ state: 'insufficient' });
      expect(await store.tasks.find(task.id)).toBeUndefined();
      expect(await sound(store)).toEqual({ balance: credits, reserved: 0, used: 0 });

      await grant(store, account, 1200);
      expect(await store.ledger.open(task, key)).toEqual({ state: 'opened' });
    });

    test('for an account that nobody made is opening it without credits', async () => {
      const { ledger } = await make();

      expect(await ledger.open(draft())).toEqual({ state: 'insufficient' });
    });

    test('under an id that is taken is refused, and the first one stays as it is', async () => {
      const store = await make();
      const task = await opened(store);
      await grant(store, account, 5000);

      await expect(store.ledger.open({ ...task, prompt: 'Another' })).rejects.toThrow();

      expect(await store.tasks.find(task.id)).toEqual(task);
      expect(await sound(store)).toEqual({ balance: 5000, reserved: 1200, used: 0 });
    });
  });

  describe('an idempotency key', () => {
    test.each([
      ['the same request', key],
      [
        'another request, which can be told by the hash',
        { ...key, requestHash: 'hash of another' },
      ],
    ])('leads to the first task, whatever it cost, with %s', async (_, second) => {
      const store = await funded(make, 1200);
      const first = draft();
      const next = draft();
      await store.ledger.open(first, key);

      expect(await store.ledger.open(next, second)).toEqual({
        ...{ state: 'remembered', taskId: first.id, requestHash: key.requestHash },
      });
      expect(await store.tasks.find(next.id)).toBeUndefined();
      expect(await sound(store)).toEqual({ balance: 0, reserved: 1200, used: 0 });
    });

    test('belongs to one caller', async () => {
      const store = await funded(make, 5000);
      await store.ledger.open(draft(), key);

      const other = { ...key, id: 'key-other#0123456789abcdef' };
      expect(await store.ledger.open(draft(), other)).toEqual({ state: 'opened' });
    });

    test('is new again once its time is over, and not before', async () => {
      const store = await funded(make, 5000);
      const later = (ms: number) => draft({ createdAt: key.expiresAt + ms });
      const fresh = { ...key, requestHash: 'hash of the next', expiresAt: key.expiresAt * 2 };
      const next = later(1000);
      await store.ledger.open(draft(), key);

      expect(await store.ledger.open(later(-1), fresh)).toMatchObject({ state: 'remembered' });
      expect(await store.ledger.open(next, fresh)).toEqual({ state: 'opened' });
      expect(await store.ledger.open(later(2000), key)).toEqual({
        ...{ state: 'remembered', taskId: next.id, requestHash: fresh.requestHash },
      });
    });
  });

  describe('settling a task', () => {
    test.each<[string, (id: string) => Ended, number]>([
      ['charges all of what was made', (id) => completed({ id, charged: 1200 }), 1200],
      ['returns the price of what was not', (id) => completed({ id, charged: 400 }), 400],
      ['returns everything when nothing was', (id) => failed({ id }), 0],
    ])('%s', async (_, ending, used) => {
      const store = await make();
      const { id } = await opened(store);
      const end = ending(id);

      expect(await store.ledger.settle(end)).toEqual(end);
      expect(await store.tasks.find(id)).toEqual(end);
      expect(await sound(store)).toEqual({ balance: 1200 - used, reserved: 0, used });
    });

    test('leaves nothing of the way there on the record', async () => {
      const store = await make();
      const { id } = await opened(store);
      await store.tasks.submitted(id, 'ticket', sampleTime);
      await store.tasks.waiting(id, 'token');
      await store.ledger.settle(completed({ id }));

      const task = await store.tasks.find(id);
      for (const trace of ['dueAt', 'dueShard', 'wakeToken', 'ticket']) {
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
      expect(await sound(store)).toEqual({ balance: 800, reserved: 0, used: 400 });
    });

    test('that is not there moves nothing', async () => {
      const store = await funded(make, 1200);
      await opened(store);

      expect(await store.ledger.settle(failed({ id: draft().id }))).toBeUndefined();
      expect(await sound(store)).toEqual({ balance: 1200, reserved: 1200, used: 0 });
    });

    test('for more than is set aside is refused, and the task goes on', async () => {
      const store = await make();
      const task = await opened(store);

      await expect(store.ledger.settle(failed({ id: task.id, reserved: 9999 }))).rejects.toThrow();

      expect(await store.tasks.find(task.id)).toEqual(task);
      expect(await sound(store)).toEqual({ balance: 0, reserved: 1200, used: 0 });
    });
  });
}
