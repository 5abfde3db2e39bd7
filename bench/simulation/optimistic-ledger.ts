import { backoffMs, maxConflicts } from '../optimistic-ledger/retries.ts';
import type { Process } from './clock.ts';
import { newItem, type SimulatedDynamoDb } from './dynamodb.ts';
import type { SimulatedLedger } from './ledgers.ts';

/** Write units of a transaction: two for an item of up to 1 kB. The account's row and its entries have one partition key. */
const units = { accountAndEntry: 4, key: 2 };

/** The rules of the earlier ledger: one row of the account and one of the key, written only if both are unchanged. */
export function simulateOptimisticLedger(
  dynamoDb: SimulatedDynamoDb,
  random: () => number,
): SimulatedLedger {
  const [account, key] = [newItem(), newItem()];
  let version = 0;

  function* post(): Process<boolean> {
    const conflicts = { transactionConflict: 0, conditionFailed: 0 };
    while (
      conflicts.transactionConflict < maxConflicts.transactionConflict &&
      conflicts.conditionFailed < maxConflicts.conditionFailed
    ) {
      const before = conflicts.transactionConflict + conflicts.conditionFailed;
      if (before > 0) yield backoffMs(before, random);
      const read = yield* dynamoDb.read(() => version);
      const condition = () => version === read;
      const outcome = yield* dynamoDb.transaction([
        { item: account, units: units.accountAndEntry, condition, apply: () => (version += 1) },
        { item: key, units: units.key, condition, apply: () => undefined },
      ]);
      if (outcome === 'written') return true;
      conflicts[outcome] += 1;
    }
    return false;
  }

  return {
    newSandbox: () => ({
      *reserve() {
        return (yield* post()) ? post : undefined;
      },
    }),
  };
}
