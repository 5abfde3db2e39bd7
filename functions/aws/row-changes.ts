import { marshall } from '@aws-sdk/util-dynamodb';
import type { Row } from './update.ts';

/**
 * The update that gives attributes new values: `null` takes one away, `undefined` leaves it alone.
 * A name may lead into a map with a dot.
 */
export function changesOf(
  wanted: Readonly<Record<string, unknown>>,
  condition: string,
  when: Row = {},
) {
  const names = Object.keys(wanted).filter((name) => wanted[name] !== undefined);
  const set = names.filter((name) => wanted[name] !== null);
  const remove = names.filter((name) => wanted[name] === null);
  return {
    UpdateExpression: [
      set.length > 0 &&
        `SET ${set.map((name) => `${pathOf(name)} = :${placeholderOf(name)}`).join(', ')}`,
      remove.length > 0 && `REMOVE ${remove.map(pathOf).join(', ')}`,
    ]
      .filter(Boolean)
      .join(' '),
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(
      names.flatMap((name) => name.split('.').map((part) => [`#${part}`, part])),
    ),
    ...((set.length > 0 || Object.keys(when).length > 0) && {
      ExpressionAttributeValues: marshall({
        ...Object.fromEntries(set.map((name) => [`:${placeholderOf(name)}`, wanted[name]])),
        ...when,
      }),
    }),
  };
}

// Every name by a placeholder: some of them are reserved words.
const pathOf = (name: string): string =>
  name
    .split('.')
    .map((part) => `#${part}`)
    .join('.');
const placeholderOf = (name: string): string => name.replaceAll('.', '');
