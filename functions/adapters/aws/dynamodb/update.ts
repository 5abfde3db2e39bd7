import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  TransactionConflictException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { backOff } from './back-off.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import type { Row } from './rows.ts';

/** The row after the update; or, when the condition failed, the row as it is. */
export type Updated = { readonly done: boolean; readonly row: Row | undefined };

type ReturnOptions = 'ReturnValues' | 'ReturnValuesOnConditionCheckFailure';
type Output = { readonly Attributes?: Parameters<typeof unmarshall>[0] | undefined };

const maxAttempts = 5;
const maxBackOffMs = 320;

/** One conditional update. A failed condition is a result and not an error: losing a race is normal. */
export const update = (
  client: DynamoDBClient,
  input: Omit<UpdateItemCommandInput, ReturnOptions>,
): Promise<Updated> =>
  write(() =>
    client.send(
      new UpdateItemCommand({
        ...input,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );

/**
 * One conditional put; when the condition failed, with the row that made it fail, if there is one. That row may be
 * this very one: the SDK retries a write whose response was lost.
 */
export const put = (
  client: DynamoDBClient,
  input: Omit<PutItemCommandInput, ReturnOptions>,
): Promise<Updated> =>
  write(() =>
    client.send(new PutItemCommand({ ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })),
  );

// Retries a write to an item that a transaction is writing: DynamoDB rejects such a write, and the SDK does
// not retry it.
async function write(send: () => Promise<Output>): Promise<Updated> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeOnce(send);
    } catch (error) {
      if (!(error instanceof TransactionConflictException) || attempt === maxAttempts) throw error;
      await backOff(attempt, maxBackOffMs);
    }
  }
}

async function writeOnce(send: () => Promise<Output>): Promise<Updated> {
  try {
    const { Attributes } = await send();
    return { done: true, row: Attributes && unmarshall(Attributes) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, row: error.Item && unmarshall(error.Item) };
  }
}

/** One update of a row. Attributes are keys of `set`, `setOnce`, `copy` and `add`; a dot leads into a map. */
export type Change = {
  /** New values. `null` removes the attribute, `undefined` leaves it as it is. */
  readonly set?: Row;
  /** Values for attributes that are still absent. */
  readonly setOnce?: Row;
  /** Attributes that get the value which the named attribute has before the update. */
  readonly copy?: Readonly<Record<string, string>>;
  /** What is added to a number, or subtracted when it is negative; or put into a set. */
  readonly add?: Row;
  readonly remove?: readonly string[];
  /** All of them must hold. They may use the values above, by the attribute's name. */
  readonly conditions?: readonly string[];
  /** The values of other placeholders in the conditions. */
  readonly values?: Row;
  /** Names that differ from those above: with `{ task: id }`, `slots.task` is the attribute `id` in `slots`. */
  readonly names?: Readonly<Record<string, string>>;
};

/** The expressions of an update, for an `UpdateItem` or for an action of a transaction. */
export function updateExpression({
  set = {},
  setOnce = {},
  copy = {},
  add = {},
  remove = [],
  conditions = [],
  values = {},
  names,
}: Change) {
  const isGiven = ([, value]: [string, unknown]) => value !== null && value !== undefined;
  const assigned = Object.entries(set).filter(isGiven);
  const assignedOnce = Object.entries(setOnce).filter(isGiven);
  const added = Object.entries(add).filter(isGiven);
  const removed = [...remove, ...Object.keys(set).filter((name) => set[name] === null)];
  return withPlaceholders(
    {
      UpdateExpression: [
        ...clause('SET', [
          ...Object.entries(copy).map(
            ([name, from]) => `${attributePath(name)} = ${attributePath(from)}`,
          ),
          ...assigned.map(([name]) => `${attributePath(name)} = ${valuePlaceholder(name)}`),
          ...assignedOnce.map(
            ([name]) =>
              `${attributePath(name)} = if_not_exists(${attributePath(name)}, ${valuePlaceholder(name)})`,
          ),
        ]),
        ...clause('REMOVE', removed.map(attributePath)),
        ...clause(
          'ADD',
          added.map(([name]) => `${attributePath(name)} ${valuePlaceholder(name)}`),
        ),
      ].join(' '),
      ...(conditions.length > 0 && { ConditionExpression: allOf(conditions) }),
    },
    {
      ...values,
      ...Object.fromEntries(
        [...assigned, ...assignedOnce, ...added].map(([name, value]) => [valueName(name), value]),
      ),
    },
    names,
  );
}

const clause = (keyword: string, parts: readonly string[]): readonly string[] =>
  parts.length > 0 ? [`${keyword} ${parts.join(', ')}`] : [];

/** `limits.tasksInFlight` → `#limits.#tasksInFlight` */
const attributePath = (name: string): string => `#${name.replaceAll('.', '.#')}`;
/** `limits.tasksInFlight` → `:limits_tasksInFlight` */
const valuePlaceholder = (name: string): string => `:${valueName(name)}`;
const valueName = (name: string): string => name.replaceAll('.', '_');
