import * as z from 'zod';
import type { Operation } from './dynalite.ts';
import type { Engine } from './engine.ts';
import type { Json } from './json.ts';
import { invalid, refuse } from './refusal.ts';

/** One part of a transaction: what was asked, and the operation that does it. */
export type Action = {
  readonly kind: string;
  readonly operation: Operation;
  readonly input: Json;
  readonly checked: Json;
};

const writes: Readonly<Record<string, Operation>> = {
  ConditionCheck: 'DeleteItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
};

const Fields = z.record(z.string(), z.unknown());
const Actions = z.array(z.record(z.string(), Fields.nullish()));
const maxActions = 100;

export const parseWrites = (engine: Engine, { TransactItems: items }: Json): readonly Action[] =>
  parse(items).map((item, index) => {
    const [first, second] = given(item, Object.keys(writes));
    if (first === undefined)
      throw invalid(
        'Invalid Request: TransactWriteRequest should contain Delete or Put or Update request',
      );
    if (second !== undefined)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    const [kind, input] = first;
    if (kind === 'ConditionCheck' && input['ConditionExpression'] === undefined)
      throw mustNotBeNull(`transactItems.${index + 1}.member.conditionCheck.conditionExpression`);
    const operation = writes[kind] ?? 'DeleteItem';
    return { kind, operation, input, checked: engine.check(operation, input) };
  });

export const parseReads = (engine: Engine, { TransactItems: items }: Json): readonly Action[] =>
  parse(items).map((item, index) => {
    const [first] = given(item, ['Get']);
    if (first === undefined) throw mustNotBeNull(`transactItems.${index + 1}.member.get`);
    const [kind, input] = first;
    return { kind, operation: 'GetItem', input, checked: engine.check('GetItem', input) };
  });

function parse(items: unknown): z.infer<typeof Actions> {
  if (items === undefined || items === null) throw mustNotBeNull('transactItems');
  const { data, success } = Actions.safeParse(items);
  if (!success) throw refuse('SerializationException', 'Unexpected field type');
  if (data.length === 0) throw badLength('greater than or equal to 1');
  if (data.length > maxActions) throw badLength(`less than or equal to ${maxActions}`);
  return data;
}

const given = (item: z.infer<typeof Actions>[number], kinds: readonly string[]) =>
  kinds.flatMap((kind): readonly (readonly [string, Json])[] => {
    const input = item[kind];
    return input ? [[kind, input]] : [];
  });

const mustNotBeNull = (where: string) =>
  invalid(
    `1 validation error detected: Value null at '${where}' failed to satisfy constraint: Member must not be null`,
  );

const badLength = (limit: string) =>
  invalid(
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${limit}`,
  );
