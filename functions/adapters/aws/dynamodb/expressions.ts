import { marshall } from '@aws-sdk/util-dynamodb';
import type { Row } from './rows.ts';

type Expressions = {
  readonly ConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ProjectionExpression?: string;
  readonly UpdateExpression?: string;
};

/**
 * Expressions with the meaning of their placeholders: `#status` is the attribute `status`, `:status` is `values.status`.
 * `names` has the names that differ from their placeholders, like the id of a task. Every attribute is named by a
 * placeholder, since many names are reserved words. DynamoDB rejects a request that declares a placeholder it does not
 * use, so only those in use are declared.
 */
export function withPlaceholders<E extends Expressions>(
  expressions: E,
  values: Row = {},
  names: Readonly<Record<string, string>> = {},
) {
  const text = Object.values(expressions).join(' ');
  const named = placeholdersIn(text, /#(\w+)/g).map((name) => [`#${name}`, names[name] ?? name]);
  const used = placeholdersIn(text, /:(\w+)/g).map((name) => [`:${name}`, values[name]]);
  return {
    ...expressions,
    ...(named.length > 0 && { ExpressionAttributeNames: Object.fromEntries(named) }),
    ...(used.length > 0 && {
      ExpressionAttributeValues: marshall(Object.fromEntries(used), {
        removeUndefinedValues: true,
      }),
    }),
  };
}

const placeholdersIn = (text: string, pattern: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

/** One expression that holds when all of the conditions do. */
export const allOf = (conditions: readonly string[]): string => conditions.join(' AND ');
