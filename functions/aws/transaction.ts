import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { Problem } from '../task/problem.ts';

/** Why a transaction was called off: one reason an action, in their order. */
export type Cancelled = readonly CancellationReason[];

const tries = 5;
// Full jitter: those who met once do not meet again.
const pause = (attempt: number) => Math.random() * Math.min(400, 20 * 2 ** attempt);

/**
 * All or nothing. Answers the reasons when a condition did not hold. A transaction that only met
 * another one on the same item is tried again here, since the SDK does not.
 * @throws {Problem} `service_unavailable` when it meets others every time
 */
export async function transact(
  client: DynamoDBClient,
  actions: TransactWriteItem[],
): Promise<Cancelled | undefined> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pause(attempt)));
    const reasons = await once(client, actions);
    if (!reasons?.some(({ Code }) => Code === 'TransactionConflict')) return reasons;
  }
  throw new Problem('service_unavailable', 'The account is busy; send the request again.', {
    headers: { 'retry-after': '1' },
  });
}

async function once(client: DynamoDBClient, TransactItems: TransactWriteItem[]) {
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return error.CancellationReasons ?? [];
  }
}

/** Whether the condition of action `index` was what called it off. */
export const refusedAt = (reasons: Cancelled, index: number): boolean =>
  reasons[index]?.Code === 'ConditionalCheckFailed';
