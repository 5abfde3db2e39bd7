import {
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';

/** The transactions that were sent, by their result. */
export type Counts = { written: number; conflicts: number; conditionsFailed: number };

/**
 * A client that counts its transactions: written ones, conflicts with a transaction in progress, and those
 * whose condition failed because the item had changed since it was read.
 */
export function countTransactions(client: DynamoDBClient): {
  client: DynamoDBClient;
  counts: Counts;
} {
  const counts: Counts = { written: 0, conflicts: 0, conditionsFailed: 0 };
  const send = async (command: unknown): Promise<unknown> => {
    const sent: Promise<unknown> = Reflect.apply(client.send, client, [command]);
    if (command instanceof TransactWriteItemsCommand) {
      await sent.then(
        () => (counts.written += 1),
        (error: unknown) => countFailure(counts, error),
      );
    }
    return sent;
  };
  const proxy = new Proxy(client, {
    get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)),
  });
  return { client: proxy, counts };
}

function countFailure(counts: Counts, error: unknown): void {
  if (!(error instanceof TransactionCanceledException)) return;
  const codes = error.CancellationReasons?.map(({ Code }) => Code) ?? [];
  if (codes.includes('TransactionConflict')) counts.conflicts += 1;
  else counts.conditionsFailed += 1;
}
