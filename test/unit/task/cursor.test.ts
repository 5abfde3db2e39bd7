import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { AccountsQuery, EntriesQuery } from '../../../functions/task/admin/account-request.ts';
import { KeysQuery } from '../../../functions/task/admin/key-request.ts';
import { limitOf, pageView, placeCursor, toCursor } from '../../../functions/task/cursor.ts';
import { ListRequest } from '../../../functions/task/list-request.ts';
import { sampleId, sampleTime } from '../../support/tasks.ts';

const keyPlace = { createdAt: sampleTime, id: 'key-0123456789abcdef' };
const taskPlace = { createdAt: sampleTime, id: sampleId };
const KeysOfStudio = KeysQuery.omit({ account: true });

const cursors = {
  tasks: placeCursor(taskPlace),
  keys: placeCursor(keyPlace),
  accounts: toCursor('studio'),
  entries: toCursor(12),
};
type Kind = keyof typeof cursors;
const kinds = Object.keys(cursors) as readonly Kind[]; // Object.keys forgets which keys they are
const lists: Record<Kind, z.ZodType> = {
  tasks: ListRequest,
  keys: KeysOfStudio,
  accounts: AccountsQuery,
  entries: EntriesQuery,
};
const refusals = (kind: Kind, cursor: unknown) =>
  lists[kind].safeParse({ cursor }).error?.issues.map(({ path, message }) => ({ path, message }));
const refused = [
  { path: ['cursor'], message: 'cursor must be the next_cursor of an earlier answer' },
];

test.each([
  ['tasks', taskPlace],
  ['keys', keyPlace],
  ['accounts', 'studio'],
  ['entries', 12],
] as const)('the cursor of a list of %s leads back to its place', (kind, place) => {
  expect(lists[kind].parse({ cursor: cursors[kind] })).toEqual({ limit: 20, cursor: place });
});

test.each(kinds.flatMap((kind) => kinds.map((other) => [kind, other] as const)))(
  'a list of %s goes on with a cursor of %s only when it is its own',
  (kind, other) => {
    expect(refusals(kind, cursors[other])).toEqual(kind === other ? undefined : refused);
  },
);

describe.each(kinds)('a list of %s refuses as its cursor', (kind) => {
  test.each([
    ['nothing', ''],
    ['null', null],
    ['a number', 12],
    ['a list', [cursors[kind]]],
    ['no base64', '§§§'],
    ['no JSON inside', Buffer.from('studio').toString('base64url')],
    ['half of one', cursors[kind].slice(0, -3)],
    ['JSON null', toJson(null)],
    ['an object', toJson({ id: sampleId, createdAt: sampleTime })],
    ['an empty list', toJson([])],
    ['a place with more in it', toJson([sampleTime, sampleId, 1])],
    ['a place at no time', toJson([null, keyPlace.id])],
    ['a place before 1970', toJson([-1, kind === 'keys' ? keyPlace.id : sampleId])],
    ['a place within a millisecond', toJson([0.5, kind === 'keys' ? keyPlace.id : sampleId])],
    ['a place of no id', toJson([sampleTime, 'DROP'])],
    ['a name that is none', toJson('-studio')],
    ['a prototype', toJson('__proto__')],
    ['entry 0', toJson(0)],
    ['half an entry', toJson(1.5)],
    ['an entry that cannot be counted', Buffer.from('1e300').toString('base64url')],
    ['its own, made longer than any', longer(cursors[kind])],
  ])('%s', (_what, cursor) => {
    expect(refusals(kind, cursor)).toEqual(refused);
  });
});

// What is read from it is the same: JSON may be indented.
function longer(cursor: string): string {
  return Buffer.from(' '.repeat(225) + Buffer.from(cursor, 'base64url')).toString('base64url');
}

function toJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('a limit', () => {
  test.each([
    ['1', 1],
    ['20', 20],
    ['100', 100],
    ['007', 7],
    [undefined, 20],
  ])('may be %j', (text, limit) => {
    expect(limitOf.parse(text)).toBe(limit);
  });

  test.each(['', '0', '101', '-1', '1.5', '1e1', '+5', ' 5', '5\n', 'ten', null, 5])(
    'may not be %j',
    (wrong) => {
      expect(limitOf.safeParse(wrong).error?.issues[0]?.message).toBe(
        'limit must be a whole number from 1 to 100',
      );
    },
  );
});

test('a page says where it goes on, or that it does not', () => {
  expect(pageView([1], 'abc')).toEqual({ object: 'list', data: [1], next_cursor: 'abc' });
  expect(pageView([], undefined)).toEqual({ object: 'list', data: [], next_cursor: null });
});

test('a cursor can stand in an address as it is', () => {
  expect(Object.values(cursors).join('')).toMatch(/^[\w-]+$/);
});
