import * as z from 'zod';
import type { JsonObject } from '../json-object.ts';
import { type Action, checkAction } from './action.ts';
import type { Engine, Operation } from './dynalite.ts';
import { dynamoDbError, notImplemented, requireMembers, validationError } from './error.ts';

/** One action of a transaction that writes, or checks a condition without writing. */
export type WriteAction = Action & { readonly kind: string };

const write = ['ConditionExpression', 'ReturnValuesOnConditionCheckFailure'];
const expression = ['TableName', 'ExpressionAttributeNames'];
const values = 'ExpressionAttributeValues';

/** The kinds of actions: the operation that carries one out, and the members that it may have. */
const writes: Readonly<Record<string, Kind>> = {
  ConditionCheck: { operation: 'DeleteItem', members: [...expression, ...write, values, 'Key'] },
  Put: { operation: 'PutItem', members: [...expression, ...write, values, 'Item'] },
  Update: {
    operation: 'UpdateItem',
    members: [...expression, ...write, values, 'Key', 'UpdateExpression'],
  },
  Delete: { operation: 'DeleteItem', members: [...expression, ...write, values, 'Key'] },
};
const reads: Readonly<Record<string, Kind>> = {
  Get: { operation: 'GetItem', members: [...expression, 'Key', 'ProjectionExpression'] },
};
type Kind = { readonly operation: Operation; readonly members: readonly string[] };

const Fields = z.record(z.string(), z.unknown());
const Actions = z.array(z.record(z.string(), Fields.nullish()));
const maxActions = 100;
const maxBytes = 4 * 1024 * 1024;

export async function parseWrites(
  engine: Engine,
  input: JsonObject,
): Promise<readonly WriteAction[]> {
  requireMembers(input, ['TransactItems', 'ClientRequestToken'], 'TransactWriteItems');
  const actions = await Promise.all(
    parse(input).map(async (item, index) => {
      const [first, second] = present(item, writes, 'TransactWriteItems');
      if (first === undefined)
        throw validationError(
          'Invalid Request: TransactWriteRequest should contain Delete or Put or Update request',
        );
      if (second !== undefined)
        throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
      if (first.kind === 'ConditionCheck' && first.input['ConditionExpression'] === undefined)
        throw mustNotBeNull(`transactItems.${index + 1}.member.conditionCheck.conditionExpression`);
      return {
        kind: first.kind,
        ...(await checkAction(engine, first.operation, first.input)),
      };
    }),
  );
  requireDifferentItems(actions);
  const bytes = actions.reduce((sum, action) => sum + sizeOf(engine, action), 0);
  if (bytes > maxBytes)
    throw validationError(`Transaction payload size cannot exceed 4MB. Payload Size: ${bytes}`);
  return actions;
}

export async function parseReads(engine: Engine, input: JsonObject): Promise<readonly Action[]> {
  requireMembers(input, ['TransactItems'], 'TransactGetItems');
  const actions = await Promise.all(
    parse(input).map((item, index) => {
      const [first] = present(item, reads, 'TransactGetItems');
      if (first === undefined) throw mustNotBeNull(`transactItems.${index + 1}.member.get`);
      return checkAction(engine, first.operation, first.input);
    }),
  );
  requireDifferentItems(actions);
  return actions;
}

/** @throws {AwsError} when the items that a transaction has read are too large together */
export function requireResponseSize(engine: Engine, items: readonly JsonObject[]): void {
  const bytes = items.reduce((sum, item) => sum + engine.sizeOf(item), 0);
  if (bytes > maxBytes) throw validationError(`Payload in response is too large.${bytes}`);
}

function parse({ TransactItems: items }: JsonObject): z.infer<typeof Actions> {
  if (items === undefined || items === null) throw mustNotBeNull('transactItems');
  const { data, success } = Actions.safeParse(items);
  if (!success) throw dynamoDbError('SerializationException', 'Unexpected field type');
  if (data.length === 0) throw badLength('greater than or equal to 1');
  if (data.length > maxActions) throw badLength(`less than or equal to ${maxActions}`);
  return data;
}

const present = (
  item: z.infer<typeof Actions>[number],
  kinds: Readonly<Record<string, Kind>>,
  operation: string,
) =>
  Object.entries(item).flatMap(([kind, input]) => {
    if (!input) return [];
    const known = kinds[kind];
    if (!known) throw notImplemented(`${operation}.TransactItems.${kind}`);
    requireMembers(input, known.members, `${operation}.TransactItems.${kind}`);
    return [{ kind, input, operation: known.operation }];
  });

function requireDifferentItems(actions: readonly Action[]): void {
  const ids = actions.flatMap(({ id }) => id ?? []);
  if (new Set(ids).size < ids.length)
    throw validationError('Transaction request cannot include multiple operations on one item');
}

/** The bytes of an action: of the item that it puts, or of the key and the values of its expressions. */
function sizeOf(engine: Engine, { attributes, checked }: Action): number {
  const { data = {} } = Fields.safeParse(checked[values]);
  return engine.sizeOf(attributes) + engine.sizeOf(data);
}

const mustNotBeNull = (where: string) =>
  validationError(
    `1 validation error detected: Value null at '${where}' failed to satisfy constraint: Member must not be null`,
  );

const badLength = (limit: string) =>
  validationError(
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${limit}`,
  );
