import type {
  CancellationReason,
  DynamoDBClient,
  TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Remembered } from '../task/remember.ts';
import { readRow } from './read-row.ts';

type Table = { readonly idempotency: string };

/** What the first request with an idempotency key made: a task, or an entry of an account's ledger. */
type Made = { readonly taskId: string } | { readonly account: string; readonly number: number };

const Row = z.object({
  requestHash: z.string(),
  expiresAt: z.number(),
  taskId: z.string().optional(),
  account: z.string().optional(),
  number: z.number().optional(),
});

export const rememberedIn = ({ Item = {} }: CancellationReason = {}) => Row.parse(unmarshall(Item));

// In whole seconds, as DynamoDB's time to live wants it. It deletes late, so a key that is over
// counts as absent whether it is still there or not.
const nowIn = (ms: number): number => Math.floor(ms / 1000);

/** Remembers the request, unless its key is remembered already; then the reason carries that row. */
export const remember = (
  { idempotency }: Table,
  { id, requestHash, expiresAt }: Remembered,
  made: Made,
  at: number,
): TransactWriteItem => ({
  Put: {
    TableName: idempotency,
    Item: marshall({ id, requestHash, ...made, expiresAt: Math.ceil(expiresAt / 1000) }),
    ConditionExpression: 'attribute_not_exists(id) OR expiresAt < :now',
    ExpressionAttributeValues: marshall({ ':now': nowIn(at) }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

/** What is remembered under this key at this time, if anything. */
export async function findRemembered(
  client: DynamoDBClient,
  { idempotency }: Table,
  id: string,
  at: number,
) {
  const found = await readRow(client, idempotency, { id });
  const row = found && Row.parse(found);
  return row && row.expiresAt >= nowIn(at) ? row : undefined;
}
