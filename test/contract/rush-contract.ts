import { describe, expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { patiently } from './patiently.ts';
import { rushOpeningContract } from './rush-opening-contract.ts';
import { sound } from './sound.ts';
import { account, draft, funded, keyId, keyIn, type Make, opened } from './stores.ts';

const price = 1200;

/** What every ledger guarantees when all come at once. */
export function rushContract(make: Make): void {
  describe('when all come at once', () => {
    rushOpeningContract(make);
    settling(make);
    crediting(make);
  });
}

function settling(make: Make): void {
  test('one of those who settle a task does, and its record and charge stay', async () => {
    const store = await make();
    const { id } = await opened(store);
    const endings = Array.from({ length: 10 }, (_, index) =>
      index % 2 ? failed({ id, finishedAt: index }) : completed({ id, finishedAt: index }),
    );

    const settled = await Promise.all(
      endings.map((end) => patiently(() => store.ledger.settle(end))),
    );

    const [winner, ...others] = settled.filter((end) => end !== undefined);
    expect(others).toEqual([]);
    expect(await store.tasks.find(id)).toEqual(winner);
    const used = winner?.charged ?? Number.NaN;
    expect(await sound(store)).toEqual({
      ...{ balance: price - used, reserved: 0, used, inFlight: 0 },
    });
  });

  test('nothing is made or lost while tasks come, end and are paid for', async () => {
    const store = await funded(make, 10 * price);

    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const { id, ...task } = draft();
        if (index % 10 === 0) {
          await patiently(() => store.ledger.credit({ account, amount: price, at: sampleTime }));
        }
        const { state } = await patiently(() => store.ledger.open({ id, ...task }));
        if (state !== 'opened' || index % 3 === 0) return;
        await patiently(() => store.ledger.settle(completed({ id, charged: (index % 4) * 300 })));
      }),
    );

    const { reserved, used } = await sound(store);
    expect(await store.funds(account)).toMatchObject({ granted: 13 * price });
    expect(await keyIn(store)).toMatchObject({ reserved, used });
  });
}

const from = (count: number, sign: number) =>
  Array.from({ length: count }, (_, index) => sign * (index + 1));

function crediting(make: Make): void {
  test('grants and withdrawals all count, once each, and none takes what is not there', async () => {
    const store = await funded(make, 100);
    const amounts = from(20, 1).flatMap((amount) => [amount, -2 * amount]);

    const answers = await Promise.all(
      amounts.map((amount) =>
        patiently(() => store.ledger.credit({ account, amount, at: sampleTime })),
      ),
    );

    const counted = amounts.filter((_, index) => answers[index]?.state === 'credited');
    const { balance } = await sound(store);
    expect(counted.filter((amount) => amount > 0)).toEqual(from(20, 1));
    expect(balance).toBe(counted.reduce((sum, amount) => sum + amount, 100));
    expect(await store.funds(account)).toMatchObject({ entries: 1 + counted.length });
    expect(new Set(answers.map(({ state }) => state))).toEqual(
      new Set(['credited', 'insufficient']),
    );
  });

  test.each([
    ['grants', 100],
    ['withdraws', -100],
  ])('one idempotency key %s once, and all others are led to its entry', async (_, amount) => {
    const store = await funded(make, 100);
    const order = { account, amount, at: sampleTime, keyId };
    const key = {
      ...{ id: 'key#0123456789abcdef', requestHash: 'hash' },
      expiresAt: sampleTime * 2,
    };

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => patiently(() => store.ledger.credit(order, key))),
    );

    const entries = answers.map((answer) => 'entry' in answer && answer.entry);
    expect(answers.filter(({ state }) => state === 'credited')).toHaveLength(1);
    expect(answers.filter(({ state }) => state === 'remembered')).toHaveLength(19);
    expect(entries).toEqual(Array.from(entries, () => expect.objectContaining({ number: 2 })));
    expect(await sound(store)).toMatchObject({ balance: 100 + amount });
  });
}
