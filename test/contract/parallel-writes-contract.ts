import { describe, expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { parallelReservationsContract } from './parallel-reservations-contract.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import {
  account,
  draft,
  entriesOf,
  findTask,
  fundedStore,
  fundsOf,
  keyId,
  type MakeStore,
  openTask,
  reserve,
  settle,
  spendingOf,
} from './stores.ts';

const price = 1200;

/** What every ledger guarantees when many write at the same time. */
export function parallelWritesContract(make: MakeStore): void {
  describe('parallel writes', () => {
    parallelReservationsContract(make);
    settling(make);
    creditInParallel(make);
  });
}

function settling(make: MakeStore): void {
  test('of many simultaneous settlements of a task one wins, and its record and charge stay', async () => {
    const store = await make();
    const { id } = await openTask(store);
    const endings = Array.from({ length: 10 }, (_, index) =>
      index % 2 ? failed({ id, finishedAt: index }) : completed({ id, finishedAt: index }),
    );

    const settled = await Promise.all(
      endings.map((end) => retryWhileBusy(() => settle(store, end))),
    );

    const [winner, ...others] = settled.filter((end) => end !== undefined);
    expect(others).toEqual([]);
    expect(await findTask(store, id)).toEqual(winner);
    const used = winner?.charged ?? Number.NaN;
    expect(await auditedFunds(store)).toEqual({
      balance: price - used,
      reserved: 0,
      used,
      inFlight: 0,
    });
  });

  test('no credit is created or lost while tasks are opened, settled and paid for', async () => {
    const store = await fundedStore(make, 10 * price);

    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { id, ...task } = draft();
        if (index % 10 === 0) {
          await retryWhileBusy(() =>
            store.ledger.credit({ account, amount: price, at: sampleTime }),
          );
        }
        const { state } = await retryWhileBusy(() => reserve(store, { id, ...task }));
        if (state !== 'reserved' || index % 3 === 0) return;
        await retryWhileBusy(() => settle(store, completed({ id, charged: (index % 4) * 300 })));
      }),
    );

    const { reserved, used } = await auditedFunds(store);
    expect(await fundsOf(store)).toMatchObject({ granted: 12 * price });
    expect(await spendingOf(store)).toMatchObject({ reserved, used });
  });
}

const from = (count: number, sign: number) =>
  Array.from({ length: count }, (_, index) => sign * (index + 1));

function creditInParallel(make: MakeStore): void {
  test('simultaneous grants and withdrawals all count once, and none makes the balance negative', async () => {
    const store = await fundedStore(make, 20);
    const amounts = from(12, 1).flatMap((amount) => [amount, -2 * amount]);

    const results = await Promise.all(
      amounts.map((amount) =>
        retryWhileBusy(() => store.ledger.credit({ account, amount, at: sampleTime })),
      ),
    );

    const counted = amounts.filter((_, index) => results[index]?.state === 'credited');
    const { balance } = await auditedFunds(store);
    expect(counted.filter((amount) => amount > 0)).toEqual(from(12, 1));
    expect(balance).toBe(counted.reduce((sum, amount) => sum + amount, 20));
    expect(await entriesOf(store)).toHaveLength(1 + counted.length);
    expect(new Set(results.map(({ state }) => state))).toEqual(
      new Set(['credited', 'insufficient']),
    );
  });

  test.each([
    ['grants', 100],
    ['withdraws', -100],
  ])(
    'one idempotency key %s once, and all other requests get the same entry',
    async (_, amount) => {
      const store = await fundedStore(make, 100);
      const request = { account, amount, at: sampleTime, keyId };
      const key = {
        id: 'key#0123456789abcdef',
        requestHash: 'hash',
        expiresAt: sampleTime * 2,
      };

      const results = await Promise.all(
        Array.from({ length: 20 }, () => retryWhileBusy(() => store.ledger.credit(request, key))),
      );

      const entries = results.map((result) => 'entry' in result && result.entry);
      expect(results.filter(({ state }) => state === 'credited')).toHaveLength(1);
      expect(results.filter(({ state }) => state === 'idempotency_key_used')).toHaveLength(19);
      expect(entries).toEqual(Array.from(entries, () => entries[0]));
      expect(entries[0]).toMatchObject({ amount });
      expect(await auditedFunds(store)).toMatchObject({ balance: 100 + amount });
    },
  );
}
