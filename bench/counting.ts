import {
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';

/** What became of the transactions that were sent. */
export type Counts = { written: number; conflicts: number; overtaken: number };

/** A client that counts its transactions: those that met another one, and those others were faster than. */
export function counting(client: DynamoDBClient): { client: DynamoDBClient; counts: Counts } {
  const counts: Counts = { written: 0, conflicts: 0, overtaken: 0 };
  const send = async (command: unknown): Promise<unknown> => {
    const sent: Promise<unknown> = Reflect.apply(client.send, client, [command]);
    if (command instanceof TransactWriteItemsCommand) {
      await sent.then(
        () => (counts.written += 1),
        (error: unknown) => note(counts, error),
      );
    }
    return sent;
  };
  const proxy = new Proxy(client, {
    get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)),
  });
  return { client: proxy, counts };
}

function note(counts: Counts, error: unknown): void {
  if (!(error instanceof TransactionCanceledException)) return;
  const codes = error.CancellationReasons?.map(({ Code }) => Code) ?? [];
  if (codes.includes('TransactionConflict')) counts.conflicts += 1;
  else counts.overtaken += 1;
}
