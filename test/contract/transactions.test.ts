import {
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/adapters/aws/dynamodb/account-table.ts';
import {
  type Plan,
  retryTransaction,
  transact,
} from '../../functions/adapters/aws/dynamodb/transaction.ts';
import { update } from '../../functions/adapters/aws/dynamodb/update.ts';
import { LedgerBusy } from '../../functions/domain/billing/ledger.ts';
import type { Pause } from '../../local/aws/dynamodb/pause.ts';
import { dynamoDb } from './dynamodb.ts';
import { addToBalance, setWinner, tableBehindProxy } from './sample-writes.ts';

const cancelled = (...codes: readonly string[]) => ({
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message: `Transaction cancelled, please refer cancellation reasons [${codes.join(', ')}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  },
});

type Actions = Readonly<Record<string, TransactWriteItem | undefined>>;
type OnConditionsFailed = Plan<string, string>['onConditionsFailed'];

/** A plan with these writes, and how often it was made. */
function countedPlan(
  actions: Actions,
  onConditionsFailed: OnConditionsFailed = () => retryTransaction,
) {
  const made = { times: 0 };
  const plan = async (): Promise<Plan<string, string>> => {
    made.times += 1;
    return { actions, result: 'written', onConditionsFailed };
  };
  return { plan, made };
}

const balance = { Update: addToBalance('a', 5) };
const winner = { Update: setWinner('taken') };

describe('a transaction', () => {
  test('writes everything or nothing, and names the actions whose conditions failed', async () => {
    const { client, balanceOf } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));
    const { plan } = countedPlan({ balance, winner }, (failed) => [...failed.keys()].join());

    expect(await transact(client, plan)).toBe('winner');
    expect(await balanceOf('a')).toBe(0);
  });

  test('leaves out an action that is undefined, and still names the right ones', async () => {
    const { client, balanceOf } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));
    const names = (actions: Actions) =>
      transact(client, countedPlan(actions, (failed) => [...failed.keys()].join()).plan);

    expect(await names({ absent: undefined, balance, winner })).toBe('winner');
    expect(await names({ balance, absent: undefined })).toBe('written');
    expect(await balanceOf('a')).toBe(5);
  });

  test('shows the row that made a condition fail, when the action requested it', async () => {
    const { client } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));
    const asking = {
      ...setWinner('taken'),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    const { plan } = countedPlan({ asking: { Update: asking } }, (failed) =>
      JSON.stringify(failed.get('asking')),
    );

    expect(JSON.parse(await transact(client, plan))).toEqual({
      ...accountKey('taken'),
      winner: 'taken',
    });
  });

  test('is not sent when the plan has a result already', async () => {
    const { client, requests } = await tableBehindProxy();

    expect(await transact(client, async () => ({ result: 'nothing to do' }))).toBe('nothing to do');
    expect(requests).toEqual([]);
  });

  test.each([
    ['runs at the same time as another one', cancelled('TransactionConflict')],
    ['was planned from data that is old', cancelled('ConditionalCheckFailed')],
  ])('that %s is planned again until it is written', async (_, response) => {
    const { client, requests, balanceOf } = await tableBehindProxy((nth) =>
      nth <= 4 ? { response } : {},
    );
    const { plan, made } = countedPlan({ balance });

    expect(await transact(client, plan)).toBe('written');

    expect([requests.length, made.times]).toEqual([5, 5]);
    expect(await balanceOf('a')).toBe(5);
  });

  // A version conflict means that another writer succeeded: there is progress, so there are more attempts.
  test.each([
    ['a transaction conflict', 5, cancelled('TransactionConflict', 'None')],
    [
      'a failed condition beside a transaction conflict',
      5,
      cancelled('ConditionalCheckFailed', 'TransactionConflict'),
    ],
    ['throttling', 5, cancelled('ThrottlingError', 'None')],
    ['a version conflict', 15, cancelled('ConditionalCheckFailed', 'None')],
  ])('that ends with %s every time gives up after %i attempts', async (_, attempts, response) => {
    const { client, requests } = await tableBehindProxy(() => ({ response }));
    const { plan } = countedPlan({ balance });

    await expect(transact(client, plan)).rejects.toThrow(LedgerBusy);

    expect(requests).toHaveLength(attempts);
  });

  test('is not repeated when the plan has a result for the failed condition', async () => {
    const both = cancelled('ConditionalCheckFailed', 'TransactionConflict');
    const { client, requests } = await tableBehindProxy(() => ({ response: both }));
    const { plan } = countedPlan(
      { first: balance, second: winner },
      (failed) => `failed: ${[...failed.keys()]}`,
    );

    expect(await transact(client, plan)).toBe('failed: first');
    expect(requests).toHaveLength(1);
  });

  test('fails with the error that the plan throws for a failed condition', async () => {
    const { client, requests } = await tableBehindProxy(() => ({
      response: cancelled('ConditionalCheckFailed'),
    }));
    const { plan } = countedPlan({ balance }, () => {
      throw new Error('this cannot be');
    });

    await expect(transact(client, plan)).rejects.toThrow('this cannot be');
    expect(requests).toHaveLength(1);
  });

  test.each(['ValidationError', 'AccessDenied', 'ItemCollectionSizeLimitExceeded'])(
    'that was cancelled because of %s is an error',
    async (code) => {
      const response = cancelled('ConditionalCheckFailed', code);
      const { client, requests } = await tableBehindProxy(() => ({ response }));
      const { plan } = countedPlan({ balance });

      await expect(transact(client, plan)).rejects.toThrow(`ConditionalCheckFailed, ${code}`);
      expect(requests).toHaveLength(1);
    },
  );

  test('whose response was lost is not written twice', async () => {
    const { client, requests, balanceOf } = await tableBehindProxy((nth) => ({
      responseLost: nth === 1,
    }));
    const { plan, made } = countedPlan({ balance });

    expect(await transact(client, plan)).toBe('written');

    expect([requests.length, made.times]).toEqual([2, 1]);
    expect(await balanceOf('a')).toBe(5);
  });

  test('with an invalid action is an error, and not repeated', async () => {
    const { client, requests } = await tableBehindProxy();
    const { plan } = countedPlan({
      balance: { Update: { ...addToBalance('a', 5), TableName: 'absent' } },
    });

    const invalid = transact(client, plan);

    await expect(invalid).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(requests).toHaveLength(1);
  });
});

/** A table in which another transaction on the row of `a` runs, until `end` is called. */
async function duringTransaction(pauseOthers: (end: () => Promise<void>) => Pause = () => noPause) {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let isReached = false;
  const end = async () => {
    opened.resolve();
    await other;
  };
  const others = pauseOthers(end);
  const { client } = await dynamoDb((moment) => {
    if (isReached || moment.at !== 'prepared') return others(moment);
    isReached = true;
    reached.resolve();
    return opened.promise;
  });
  const other = client.send(new TransactWriteItemsCommand({ TransactItems: [balance] }));
  await reached.promise;
  const balanceOf = async (account: string) =>
    (await update(client, addToBalance(account, 0))).row?.['balance'];
  return { client, end, balanceOf };
}

const noPause: Pause = () => undefined;

describe('while another transaction runs on the same row', () => {
  test('a transaction is planned again, until the other one is over', async () => {
    const { client, end, balanceOf } = await duringTransaction();
    const { plan, made } = countedPlan({ balance });

    const result = await transact(client, async () => {
      if (made.times === 2) await end();
      return plan();
    });

    expect([result, made.times]).toEqual(['written', 3]);
    expect(await balanceOf('a')).toBe(10);
  });

  test('a transaction gives up after five attempts', async () => {
    const { client, end, balanceOf } = await duringTransaction();
    const { plan, made } = countedPlan({ balance });

    await expect(transact(client, plan)).rejects.toThrow(LedgerBusy);
    await end();

    expect(made.times).toBe(5);
    expect(await balanceOf('a')).toBe(5);
  });

  test('a single update is repeated, until the transaction is over', async () => {
    let updates = 0;
    const { client, balanceOf } = await duringTransaction((end) => ({ operation, at }) => {
      if (operation !== 'UpdateItem' || at !== 'received') return undefined;
      updates += 1;
      return updates === 3 ? end() : undefined;
    });

    const { done, row } = await update(client, addToBalance('a', 1));

    expect({ done, balance: row?.['balance'], updates }).toEqual({
      done: true,
      balance: 6,
      updates: 3,
    });
    expect(await balanceOf('a')).toBe(6);
  });
});
