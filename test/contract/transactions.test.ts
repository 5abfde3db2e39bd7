import { type TransactWriteItem, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { accountKey } from '../../functions/aws/account-row.ts';
import { type Plan, transact } from '../../functions/aws/transaction.ts';
import { Problem } from '../../functions/task/problem.ts';
import { add, behind, once } from './writes.ts';

const cancelled = (...codes: readonly string[]) => ({
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message: `Transaction cancelled, please refer cancellation reasons [${codes.join(', ')}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  },
});

type Refused = Plan<string>['refused'];

/** A plan of these writes, which counts how often it was made. */
function planning(actions: TransactWriteItem[], refused: Refused = () => 'again') {
  const made = { times: 0 };
  const plan = async (): Promise<Plan<string>> => {
    made.times += 1;
    return { actions, done: 'done', refused };
  };
  return { plan, made };
}

const busy = {
  ...{ name: 'Problem', code: 'service_unavailable', status: 503 },
  headers: { 'retry-after': '1' },
};

describe('a transaction', () => {
  test('is done whole or not at all, and its plan is told which condition was in its way', async () => {
    const { client, balanceOf } = await behind();
    await client.send(new UpdateItemCommand(once('taken')));
    const { plan } = planning(
      [{ Update: add('a', 5) }, { Update: once('taken') }],
      (at) => `${at(0)} ${at(1)} ${at(2)}`,
    );

    expect(await transact(client, plan)).toBe('false true false');
    expect(await balanceOf('a')).toBe(0);
  });

  test('shows its plan the row that was in the way, when it asked for it', async () => {
    const { client } = await behind();
    await client.send(new UpdateItemCommand(once('taken')));
    const asking = { ...once('taken'), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
    const { plan } = planning([{ Update: asking }], (_, [reason]) => JSON.stringify(reason?.Item));

    expect(await transact(client, plan)).toBe(
      JSON.stringify(marshall({ ...accountKey('taken'), winner: 'taken' })),
    );
  });

  test('is not written when the plan has its answer already', async () => {
    const { client, seen } = await behind();

    expect(await transact(client, async () => ({ answer: 'nothing to do' }))).toBe('nothing to do');
    expect(seen).toEqual([]);
  });

  test.each([
    ['only met others', cancelled('TransactionConflict')],
    ['was planned on what is not true any more', cancelled('ConditionalCheckFailed')],
  ])('that %s is planned anew until it is through', async (_, answer) => {
    const { client, seen, balanceOf } = await behind((nth) => (nth <= 4 ? { answer } : {}));
    const { plan, made } = planning([{ Update: add('a', 5) }]);

    expect(await transact(client, plan)).toBe('done');

    expect([seen.length, made.times]).toEqual([5, 5]);
    expect(await balanceOf('a')).toBe(5);
  });

  // Those who are overtaken see others get on, so they are given more tries.
  test.each([
    ['meets others', 5, cancelled('TransactionConflict', 'None')],
    ['is refused beside a conflict', 5, cancelled('ConditionalCheckFailed', 'TransactionConflict')],
    ['is throttled', 5, cancelled('ThrottlingError', 'None')],
    ['is overtaken', 20, cancelled('ConditionalCheckFailed', 'None')],
  ])(
    'that %s every time asks the caller after %i tries to come again',
    async (_, tries, answer) => {
      const { client, seen } = await behind(() => ({ answer }));
      const { plan } = planning([{ Update: add('a', 5) }]);

      const problem: unknown = await transact(client, plan).catch((thrown: unknown) => thrown);

      expect(problem).toBeInstanceOf(Problem);
      expect(problem).toMatchObject(busy);
      expect(seen).toHaveLength(tries);
    },
  );

  test('whose plan has an answer to the refused condition is not tried again', async () => {
    const both = cancelled('ConditionalCheckFailed', 'TransactionConflict');
    const { client, seen } = await behind(() => ({ answer: both }));
    const { plan } = planning([{ Update: add('a', 5) }], (at) => `refused ${at(0)} ${at(1)}`);

    expect(await transact(client, plan)).toBe('refused true false');
    expect(seen).toHaveLength(1);
  });

  test('whose plan takes a refused condition for an error fails with it', async () => {
    const { client, seen } = await behind(() => ({ answer: cancelled('ConditionalCheckFailed') }));
    const { plan } = planning([{ Update: add('a', 5) }], () => {
      throw new Error('this cannot be');
    });

    await expect(transact(client, plan)).rejects.toThrow('this cannot be');
    expect(seen).toHaveLength(1);
  });

  test.each(['ValidationError', 'AccessDenied', 'ItemCollectionSizeLimitExceeded'])(
    'that was called off for another reason is an error: %s',
    async (code) => {
      const answer = cancelled('ConditionalCheckFailed', code);
      const { client, seen } = await behind(() => ({ answer }));
      const { plan } = planning([{ Update: add('a', 5) }]);

      await expect(transact(client, plan)).rejects.toThrow(`ConditionalCheckFailed, ${code}`);
      expect(seen).toHaveLength(1);
    },
  );

  test('whose answer got lost is not done twice', async () => {
    const { client, seen, balanceOf } = await behind((nth) => ({ answerLost: nth === 1 }));
    const { plan, made } = planning([{ Update: add('a', 5) }]);

    expect(await transact(client, plan)).toBe('done');

    expect([seen.length, made.times]).toEqual([2, 1]);
    expect(await balanceOf('a')).toBe(5);
  });

  test('that is wrong is an error, and not tried again', async () => {
    const { client, seen } = await behind();
    const { plan } = planning([{ Update: { ...add('a', 5), TableName: 'absent' } }]);

    const wrong = transact(client, plan);

    await expect(wrong).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(seen).toHaveLength(1);
  });
});
