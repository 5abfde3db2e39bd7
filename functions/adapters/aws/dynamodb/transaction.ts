import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { backOff } from './back-off.ts';
import type { Row } from './rows.ts';

/** The actions of a transaction by name. One that is undefined is left out. */
export type Actions = Readonly<Record<string, TransactWriteItem | undefined>>;

/**
 * The result of a transaction: all of it was written, or nothing. `failed` are the actions whose conditions failed,
 * each with the row that made it fail: if there is one, and if the action asked for it
 * (`ReturnValuesOnConditionCheckFailure`). In a conflict, another request was writing one of the items at the same time:
 * the very same transaction may succeed a moment later.
 */
export type Outcome =
  | { readonly state: 'written' }
  | {
      readonly state: 'transactionConflict' | 'conditionFailed';
      readonly failed: ReadonlyMap<string, Row | undefined>;
    };

/** DynamoDB accepts at most this many actions in a transaction. */
export const maxActions = 100;

/** Writes everything or nothing. */
export async function writeAll(client: DynamoDBClient, actions: Actions): Promise<Outcome> {
  const given = Object.entries(actions).flatMap(([name, action]) =>
    action ? [{ name, action }] : [],
  );
  const reasons = await cancellationReasons(
    client,
    given.map(({ action }) => action),
  );
  if (!reasons) return { state: 'written' };

  const codes = reasons.map(({ Code = 'None' }) => Code);
  if (!codes.every((code) => expected.has(code))) {
    throw new Error(`a transaction was cancelled: ${codes.join(', ')}`);
  }
  const failed = new Map(
    given.flatMap(({ name }, index) => {
      const { Code, Item } = reasons[index] ?? {};
      return Code === conditionFailed ? [[name, Item && unmarshall(Item)]] : [];
    }),
  );
  return {
    state: codes.some((code) => transient.has(code)) ? 'transactionConflict' : 'conditionFailed',
    failed,
  };
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
/** Reasons that go away by themselves. The SDK does not retry a transaction that was cancelled. */
const transient = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const expected = new Set([...transient, 'None', conditionFailed]);

/** Some ten seconds. */
const patience = { attempts: 40, pauseMs: 500 };

/**
 * Repeats an attempt that conflicts with others may prevent, until it has a result; undefined when every attempt was
 * prevented.
 */
export async function untilResult<T>(
  attempt: () => Promise<T | undefined>,
  { attempts, pauseMs } = patience,
): Promise<T | undefined> {
  for (let count = 1; count <= attempts; count += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
    await backOff(count, pauseMs);
  }
  return undefined;
}
