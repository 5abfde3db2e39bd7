import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { LedgerBusy } from '../../../domain/billing/ledger.ts';
import type { Row } from './rows.ts';

/**
 * The actions whose conditions failed, by name, each with the row that made it fail: if there is one, and if the
 * action asked for it (`ReturnValuesOnConditionCheckFailure`).
 */
type FailedActions<Name extends string> = ReadonlyMap<Name, Row | undefined>;

/** What has to be written, given what was read. */
export type Plan<Name extends string, T> = {
  /** The actions by name. One that is undefined is left out. */
  readonly actions: Readonly<Record<Name, TransactWriteItem | undefined>>;
  /** The result once all of it is written. */
  readonly result: T;
  /** What failed conditions mean: a result, or that the data was changed since it was read. */
  readonly onConditionsFailed: (failed: FailedActions<Name>) => T | typeof retryTransaction;
};

/** A result for which nothing has to be written. */
export type NothingToWrite<T> = { readonly result: T };

/** The data was changed since it was read: retry with fresh data and a new plan. */
export const retryTransaction = Symbol('retryTransaction');

type Conflict = 'transactionConflict' | 'versionConflict';

// There are two ways to lose against other writers of the same item. A transaction conflict: DynamoDB cancels one of
// two transactions that run at the same time, and the SDK does not retry it. A version conflict: a condition
// fails, since the plan was made from data that is old by now. A version conflict means that another writer
// succeeded, so there is progress, and more attempts are worth it.
const maxConflicts: Readonly<Record<Conflict, number>> = {
  transactionConflict: 5,
  versionConflict: 15,
};

// Full jitter, so that writers that collided once are spread out and do not collide a second time.
const backoffMs = (conflicts: number) => Math.random() * Math.min(1000, 20 * 2 ** conflicts);

/**
 * Optimistic concurrency: reads and plans, then writes everything or nothing; retries from the start when another
 * writer was faster. `plan` may also return a result for which nothing has to be written.
 * @throws {LedgerBusy} when another writer was faster every time
 */
export async function transact<Name extends string, T>(
  client: DynamoDBClient,
  plan: () => Promise<Plan<Name, T> | NothingToWrite<T>>,
): Promise<T> {
  const conflicts = { transactionConflict: 0, versionConflict: 0 };
  while (
    conflicts.transactionConflict < maxConflicts.transactionConflict &&
    conflicts.versionConflict < maxConflicts.versionConflict
  ) {
    const before = conflicts.transactionConflict + conflicts.versionConflict;
    if (before > 0) await new Promise((resolve) => setTimeout(resolve, backoffMs(before)));
    const planned = await plan();
    const outcome = 'actions' in planned ? await attempt(client, planned) : planned;
    if (typeof outcome === 'object') return outcome.result;
    conflicts[outcome] += 1;
  }
  const { transactionConflict, versionConflict } = conflicts;
  throw new LedgerBusy(
    `gave up after ${transactionConflict} transaction conflicts and ${versionConflict} version conflicts`,
  );
}

async function attempt<Name extends string, T>(
  client: DynamoDBClient,
  { actions, result, onConditionsFailed }: Plan<Name, T>,
): Promise<{ readonly result: T } | Conflict> {
  const names: Name[] = [];
  const items: TransactWriteItem[] = [];
  for (const name in actions) {
    const action = actions[name];
    if (!action) continue;
    names.push(name);
    items.push(action);
  }

  const reasons = await cancellationReasons(client, items);
  if (!reasons) return { result };

  const codes = reasons.map(({ Code = 'None' }) => Code);
  if (!codes.every((code) => expected.has(code))) {
    throw new Error(`a transaction was cancelled: ${codes.join(', ')}`);
  }
  const conflict = codes.some((code) => transient.has(code))
    ? 'transactionConflict'
    : 'versionConflict';
  const failed = failedActions(names, reasons);
  if (failed.size === 0) return conflict;
  const meaning = onConditionsFailed(failed);
  return meaning === retryTransaction ? conflict : { result: meaning };
}

/** Why the transaction was cancelled: one reason for each action, in their order. Undefined when it was written. */
async function cancellationReasons(
  client: DynamoDBClient,
  TransactItems: TransactWriteItem[],
): Promise<readonly CancellationReason[] | undefined> {
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return error.CancellationReasons ?? [];
  }
}

const conditionFailed = 'ConditionalCheckFailed';
/** Reasons that go away without a change of the plan. */
const transient = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const expected = new Set([...transient, 'None', conditionFailed]);

const failedActions = <Name extends string>(
  names: readonly Name[],
  reasons: readonly CancellationReason[],
): FailedActions<Name> =>
  new Map(
    names.flatMap((name, index) => {
      const { Code, Item } = reasons[index] ?? {};
      return Code === conditionFailed ? [[name, Item && unmarshall(Item)]] : [];
    }),
  );
