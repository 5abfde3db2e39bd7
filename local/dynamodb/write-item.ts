import type { Item } from './dynalite.ts';
import type { Engine } from './engine.ts';
import { isJson, type Json } from './json.ts';
import { Refusal } from './refusal.ts';

const operations = ['BatchWriteItem', 'DeleteItem', 'PutItem', 'UpdateItem'] as const;
type Writing = (typeof operations)[number];
export const isWriting = (name: string): name is Writing =>
  operations.some((operation) => operation === name);

/** Runs one operation that writes items: item and index entries together. */
export async function writeItem(engine: Engine, operation: Writing, input: Json): Promise<Json> {
  const checked = engine.check(operation, input);
  const staged = engine.stage();
  const result = await staged.perform(operation, checked).catch(async (thrown: unknown) => {
    throw isFailedCondition(thrown)
      ? new Refusal({ ...thrown.body, ...(await itemInTheWay(engine, input, checked)) })
      : thrown;
  });
  await staged.commit();
  return result;
}

export const isFailedCondition = (thrown: unknown): thrown is Refusal =>
  thrown instanceof Refusal && thrown.code === 'ConditionalCheckFailedException';

/** The item that a failed condition was about, for a caller who asked to see it. */
export async function itemInTheWay(engine: Engine, input: Json, checked: Json) {
  if (input['ReturnValuesOnConditionCheckFailure'] !== 'ALL_OLD') return {};
  const item = await engine.find(String(checked['TableName']), keyHolder(checked));
  return item && { Item: item };
}

/** The part of an operation's input that has the key attributes. */
export function keyHolder({ Item: item, Key: key }: Json): Item {
  const holder = item ?? key;
  return isJson(holder) ? holder : {};
}
