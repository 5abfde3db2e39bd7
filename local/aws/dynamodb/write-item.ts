import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../json-object.ts';
import { checkAction, conflictingItem, isFailedCondition } from './action.ts';
import type { Context } from './context.ts';
import { dynamoDbError } from './error.ts';
import { conflictMessage } from './items-in-flight.ts';

export type SingleWrite = 'DeleteItem' | 'PutItem' | 'UpdateItem';

/**
 * Runs one operation that writes an item. The item and its index entries are written in one batch.
 * @throws {AwsError} TransactionConflictException when a transaction is writing the item
 */
export async function writeItem(
  { engine, inFlight }: Context,
  operation: SingleWrite,
  request: JsonObject,
): Promise<JsonObject> {
  const action = await checkAction(engine, operation, request);
  if (inFlight.isHeld(action.id))
    throw dynamoDbError('TransactionConflictException', conflictMessage);

  const buffer = engine.bufferWrites();
  const result = await buffer.run(operation, action.checked).catch(async (thrown: unknown) => {
    throw isFailedCondition(thrown)
      ? new AwsError({ ...thrown.body, ...(await conflictingItem(engine, action)) })
      : thrown;
  });
  await buffer.commit();
  inFlight.written([action.id]);
  return result;
}

const Attributes = z.record(z.string(), z.unknown());
const WriteRequest = z.object({
  PutRequest: z.object({ Item: Attributes }).optional(),
  DeleteRequest: z.object({ Key: Attributes }).optional(),
});
const Batch = z.record(z.string(), z.array(WriteRequest));
type Batch = z.infer<typeof Batch>;

/** Writes items independently of each other. The caller has to repeat those that a transaction is writing. */
export async function writeBatch(
  { engine, inFlight }: Context,
  input: JsonObject,
): Promise<JsonObject> {
  const checked = engine.validate('BatchWriteItem', input);
  const free: Batch = {};
  const held: Batch = {};
  const ids: (string | undefined)[] = [];
  for (const [table, requests] of Object.entries(Batch.parse(checked['RequestItems']))) {
    for (const request of requests) {
      const { PutRequest: put, DeleteRequest: del } = request;
      const id = await engine.idOf(table, put?.Item ?? del?.Key ?? {});
      const part = inFlight.isHeld(id) ? held : free;
      part[table] = [...(part[table] ?? []), request];
      ids.push(id);
    }
  }

  if (Object.keys(free).length === 0) return { UnprocessedItems: held };
  const buffer = engine.bufferWrites();
  const result = await buffer.run('BatchWriteItem', { ...checked, RequestItems: free });
  await buffer.commit();
  inFlight.written(ids);
  return { ...result, UnprocessedItems: held };
}
