import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Ledger } from '../../../domain/billing/ledger.ts';
import { entryIdOf } from '../../../domain/model/account.ts';
import { playCreditsOf } from '../../../domain/model/canary.ts';
import { newWebhookSecret } from '../../../domain/model/ids.ts';
import { playDayOf, testLimits } from '../../../domain/model/mode.ts';
import { accountTable } from './account-table.ts';
import { addEntry } from './entries.ts';
import { accountKey, accountShardKey, readShards, shardActions, sumOf } from './shards.ts';
import { type Actions, untilResult, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';

const conditions = {
  /** Only one create of a day refills, however many there are at once. */
  dayIsNew: '(attribute_not_exists(#refilledOn) OR #refilledOn < :refilledOn)',
};

/**
 * The part of the ledger that gives the test side of an account its play credits of the day. It makes the test side when
 * there is none. One write has the day, the amount and the entry, and its only condition is the day. The amount comes from
 * an earlier read: what tasks spend or return between the two is not corrected, so the new balance may differ from the
 * play credits by that much. granted = balance + reserved + used still holds.
 */
export const playCredits = (client: DynamoDBClient, table: string): Pick<Ledger, 'refill'> => ({
  refill: async (account, at) => {
    const isRefilled = await untilResult(async () => {
      const rows = await readShards(client, { accounts: table }, { account });
      if (!rows) {
        await addSide(client, table, account, at);
        return undefined;
      }
      if (rows.account['refilledOn'] >= playDayOf(at)) return true;
      const balance = sumOf(rows.shards, 'balance');
      const outcome = await writeAll(client, actionsOf(table, account, { at, balance }));
      if (outcome.state === 'written') return true;
      return outcome.failed.has('account') || undefined; // another create of this day has done it
    });
    return isRefilled ?? false;
  },
});

/** The test side of an account is there from its first create on. */
const addSide = (client: DynamoDBClient, table: string, account: string, createdAt: number) =>
  accountTable(client, table).add({
    account,
    userGroup: 'test',
    limits: { tasksInFlight: testLimits.tasksInFlight },
    // This secret signs nothing: callbacks of both sides are signed with that of the owner.
    webhookSecret: newWebhookSecret(),
    createdAt,
  });

type Refill = { readonly at: number; readonly balance: number };

function actionsOf(table: string, account: string, { at, balance }: Refill): Actions {
  const amount = playCreditsOf(account) - balance;
  const day = {
    Update: {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        set: { refilledOn: playDayOf(at) },
        conditions: [conditions.dayIsNew],
      }),
    },
  };
  if (amount <= 0) return { account: day };
  const shard = 0;
  return {
    account: day,
    entry: addEntry(
      table,
      { account, shard },
      { id: entryIdOf(at, `play-${playDayOf(at)}`), kind: 'grant', at, amount },
    ),
    ...shardActions(
      'shard',
      { table, keyOf: (one) => accountShardKey(account, one), guarded: [] },
      [[shard, { granted: amount, balance: amount }]],
    ),
  };
}
