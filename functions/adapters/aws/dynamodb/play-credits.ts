import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Ledger } from '../../../domain/billing/ledger.ts';
import type { PlayCreditsRefill } from '../../../domain/billing/play-credits.ts';
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
  refill: async (refill) => {
    const { account, day, newAccount } = refill;
    const isRefilled = await untilResult(async () => {
      const rows = await readShards(client, { accounts: table }, { account });
      if (!rows) {
        await accountTable(client, table).add(newAccount);
        return undefined;
      }
      if (rows.account['refilledOn'] >= day) return true;
      const balance = sumOf(rows.shards, 'balance');
      const outcome = await writeAll(client, actionsOf(table, refill, balance));
      if (outcome.state === 'written') return true;
      return outcome.failed.has('account') || undefined; // another create of this day has done it
    });
    return isRefilled ?? false;
  },
});

function actionsOf(
  table: string,
  { account, at, day, upTo, entryId }: PlayCreditsRefill,
  balance: number,
): Actions {
  const amount = upTo - balance;
  const setDay = {
    Update: {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        set: { refilledOn: day },
        conditions: [conditions.dayIsNew],
      }),
    },
  };
  if (amount <= 0) return { account: setDay };
  const shard = 0;
  return {
    account: setDay,
    entry: addEntry(table, { account, shard }, { id: entryId, kind: 'grant', at, amount }),
    ...shardActions(
      'shard',
      { table, keyOf: (one) => accountShardKey(account, one), guarded: [] },
      [[shard, { granted: amount, balance: amount }]],
    ),
  };
}
