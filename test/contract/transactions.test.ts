import {
  type DynamoDBClient,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/adapters/aws/dynamodb/shards.ts';
import {
  type Actions,
  untilResult,
  writeAll,
} from '../../functions/adapters/aws/dynamodb/transaction.ts';
import { update } from '../../functions/adapters/aws/dynamodb/update.ts';
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

const balance = { Update: addToBalance('a', 5) };
const winner = { Update: setWinner('taken') };

/** The outcome of a transaction, with the names of the actions whose conditions failed. */
async function outcomeOf(client: DynamoDBClient, actions: Actions) {
  const outcome = await writeAll(client, actions);
  return outcome.state === 'written' ? outcome.state : [outcome.state, ...outcome.failed.keys()];
}

describe('a transaction', () => {
  test('writes everything or nothing, and names the actions whose conditions failed', async () => {
    const { client, balanceOf } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));

    expect(await outcomeOf(client, { balance, winner })).toEqual(['conditionFailed', 'winner']);
    expect(await balanceOf('a')).toBe(0);
  });

  test('leaves out an action that is undefined, and still names the right ones', async () => {
    const { client, balanceOf } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));

    expect(await outcomeOf(client, { absent: undefined, balance, winner })).toEqual([
      'conditionFailed',
      'winner',
    ]);
    expect(await outcomeOf(client, { balance, absent: undefined })).toBe('written');
    expect(await balanceOf('a')).toBe(5);
  });

  test('shows the row that made a condition fail, when the action requested it', async () => {
    const { client } = await tableBehindProxy();
    await client.send(new UpdateItemCommand(setWinner('taken')));
    const asking = {
      ...setWinner('taken'),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;

    const outcome = await writeAll(client, { asking: { Update: asking } });

    expect('failed' in outcome && outcome.failed.get('asking')).toEqual({
      ...accountKey('taken'),
      winner: 'taken',
    });
  });

  test.each([
    ['a transaction conflict', cancelled('TransactionConflict', 'None'), ['transactionConflict']],
    [
      'a failed condition beside a transaction conflict',
      cancelled('ConditionalCheckFailed', 'TransactionConflict'),
      ['transactionConflict', 'first'],
    ],
    ['throttling', cancelled('ThrottlingError', 'None'), ['transactionConflict']],
    [
      'a failed condition',
      cancelled('None', 'ConditionalCheckFailed'),
      ['conditionFailed', 'second'],
    ],
  ])('that ends with %s is sent once, and its outcome says so', async (_, response, outcome) => {
    const { client, requests } = await tableBehindProxy(() => ({ response }));

    expect(await outcomeOf(client, { first: balance, second: winner })).toEqual(outcome);
    expect(requests).toHaveLength(1);
  });

  test.each(['ValidationError', 'AccessDenied', 'ItemCollectionSizeLimitExceeded'])(
    'that was cancelled because of %s is an error',
    async (code) => {
      const response = cancelled('ConditionalCheckFailed', code);
      const { client, requests } = await tableBehindProxy(() => ({ response }));

      await expect(writeAll(client, { balance })).rejects.toThrow(
        `ConditionalCheckFailed, ${code}`,
      );
      expect(requests).toHaveLength(1);
    },
  );

  test('whose response was lost is not written twice', async () => {
    const { client, requests, balanceOf } = await tableBehindProxy((nth) => ({
      responseLost: nth === 1,
    }));

    expect(await outcomeOf(client, { balance })).toBe('written');

    expect(requests).toHaveLength(2);
    expect(await balanceOf('a')).toBe(5);
  });

  test('with an invalid action is an error, and not repeated', async () => {
    const { client, requests } = await tableBehindProxy();

    const invalid = writeAll(client, {
      balance: { Update: { ...addToBalance('a', 5), TableName: 'absent' } },
    });

    await expect(invalid).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(requests).toHaveLength(1);
  });
});

describe('a write that others may prevent', () => {
  test('is attempted until it has a result', async () => {
    let attempts = 0;

    const result = await untilResult(
      async () => {
        attempts += 1;
        return attempts === 4 ? 'done' : undefined;
      },
      { attempts: 5, pauseMs: 1 },
    );

    expect([result, attempts]).toEqual(['done', 4]);
  });

  test('has no result when it was prevented every time', async () => {
    let attempts = 0;

    const result = await untilResult(
      async () => {
        attempts += 1;
        return undefined;
      },
      { attempts: 5, pauseMs: 1 },
    );

    expect([result, attempts]).toEqual([undefined, 5]);
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
  test('a transaction is in conflict, and can be written when the other one is over', async () => {
    const { client, end, balanceOf } = await duringTransaction();

    expect(await outcomeOf(client, { balance })).toEqual(['transactionConflict']);
    await end();

    expect(await outcomeOf(client, { balance })).toBe('written');
    expect(await balanceOf('a')).toBe(10);
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
