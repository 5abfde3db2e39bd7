import { AwsError } from '../aws-error.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { Engine, Item, Operation } from './dynalite.ts';
import { validationError } from './error.ts';

/** What is done with one item, by an operation of its own or as a part of a transaction. */
export type Action = {
  readonly operation: Operation;
  readonly checked: JsonObject;
  readonly table: string;
  /** The key, or the item that contains it. */
  readonly attributes: Item;
  /** Identifies the item; undefined if its key is wrong. */
  readonly id: string | undefined;
  /** Whether the error of a failed condition contains the item. */
  readonly returnsItem: boolean;
};

/** @throws {AwsError} when the request is wrong independently of what the table holds, or there is no table */
export async function checkAction(
  engine: Engine,
  operation: Operation,
  request: JsonObject,
): Promise<Action> {
  // dynalite does not have this member.
  const { ReturnValuesOnConditionCheckFailure: returned = 'NONE', ...input } = request;
  if (returned !== 'NONE' && returned !== 'ALL_OLD')
    throw validationError(
      `1 validation error detected: Value '${returned}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
    );
  const checked = engine.validate(operation, input);
  const table = String(checked['TableName']);
  const holder = checked['Item'] ?? checked['Key'];
  const attributes = isJsonObject(holder) ? holder : {};
  const id = await engine.idOf(table, attributes);
  return { operation, checked, table, attributes, id, returnsItem: returned === 'ALL_OLD' };
}

export const isFailedCondition = (thrown: unknown): thrown is AwsError =>
  thrown instanceof AwsError && thrown.code === 'ConditionalCheckFailedException';

/** The item on which a condition failed, if the caller requested it. */
export async function conflictingItem(
  engine: Engine,
  { table, attributes, returnsItem }: Action,
): Promise<{ readonly Item?: Item }> {
  const item = returnsItem ? await engine.find(table, attributes) : undefined;
  return item ? { Item: item } : {};
}
