import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { IdempotencyRecord } from '../../../domain/billing/idempotency.ts';
import { expiryAttributes, type KeyOf } from '../../../domain/model/storage-names.ts';
import { withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';

/** What the first request with an idempotency key created: a task, or an entry in an account's ledger. */
type Created =
  | { readonly taskId: string }
  | { readonly account: string; readonly shard: number; readonly entry: string };

const IdempotencyRow = z.object({
  requestHash: z.string(),
  expiresAt: z.number(),
  taskId: z.string().optional(),
  account: z.string().optional(),
  shard: z.number().optional(),
  entry: z.string().optional(),
});
export type IdempotencyRow = z.output<typeof IdempotencyRow>;

export const toIdempotencyRow = (row: Row | undefined): IdempotencyRow => IdempotencyRow.parse(row);

// Whole seconds, as DynamoDB's time to live needs them. It deletes late, so an expired key counts as absent whether
// its row is still there or not.
const toSeconds = (ms: number): number => Math.floor(ms / 1000);

const isNewOrExpired = `attribute_not_exists(#id) OR #${expiryAttributes.Idempotency} < :now`;

/**
 * Stores the record, unless its key was used before; then the failed action carries the row of the first request.
 * A request without an idempotency key has no record.
 */
export const putIdempotencyRecord = (
  table: string,
  record: IdempotencyRecord | undefined,
  created: Created,
  at: number,
): TransactWriteItem | undefined =>
  record && {
    Put: {
      TableName: table,
      Item: marshall({
        ...({ id: record.id } satisfies KeyOf<'Idempotency'>),
        requestHash: record.requestHash,
        ...created,
        [expiryAttributes.Idempotency]: Math.ceil(record.expiresAt / 1000),
      }),
      ...withPlaceholders({ ConditionExpression: isNewOrExpired }, { now: toSeconds(at) }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };

/** What the first request with the same key stored, unless that has expired at this time. */
export async function findFirstRecord(
  client: DynamoDBClient,
  table: string,
  record: IdempotencyRecord | undefined,
  at: number,
): Promise<IdempotencyRow | undefined> {
  const row = record && (await readRow(client, table, { id: record.id }));
  const first = row && toIdempotencyRow(row);
  return first && first.expiresAt >= toSeconds(at) ? first : undefined;
}
