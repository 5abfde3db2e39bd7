import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import {
  AccountsQuery,
  EntriesQuery,
} from '../../../../functions/domain/accounts/account-request.ts';
import { KeysQuery } from '../../../../functions/domain/accounts/key-request.ts';
import { entryIdOf } from '../../../../functions/domain/model/account.ts';
import { ListRequest } from '../../../../functions/domain/tasks/list-tasks.ts';
import {
  encodeCursor,
  formatCursorKey,
  limitSchema,
  pageResponse,
} from '../../../../functions/domain/wire/cursor.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

const entryId = entryIdOf(sampleTime, 'sample');
const keyPosition = { createdAt: sampleTime, id: 'key-0123456789abcdef' };
const taskPosition = { createdAt: sampleTime, id: sampleId };
const KeysOfStudio = KeysQuery.omit({ account: true });

const cursors = {
  tasks: formatCursorKey(taskPosition),
  keys: formatCursorKey(keyPosition),
  accounts: encodeCursor('studio'),
  entries: encodeCursor([entryId, 1200]),
};
type Kind = keyof typeof cursors;
const kinds = Object.keys(cursors) as readonly Kind[]; // Object.keys returns plain strings
const lists: Record<Kind, z.ZodType> = {
  tasks: ListRequest,
  keys: KeysOfStudio,
  accounts: AccountsQuery,
  entries: EntriesQuery,
};
const issuesOf = (kind: Kind, cursor: unknown) =>
  lists[kind].safeParse({ cursor }).error?.issues.map(({ path, message }) => ({ path, message }));
const invalidCursor = [
  { path: ['cursor'], message: 'cursor must be the next_cursor of an earlier response' },
];

test.each([
  ['tasks', taskPosition],
  ['keys', keyPosition],
  ['accounts', 'studio'],
  ['entries', { id: entryId, balance: 1200 }],
] as const)(
  'the cursor of a list of %s is parsed to the position it was made from',
  (kind, position) => {
    expect(lists[kind].parse({ cursor: cursors[kind] })).toMatchObject({ cursor: position });
  },
);

test.each(kinds.flatMap((kind) => kinds.map((other) => [kind, other] as const)))(
  'a list of %s rejects a cursor of %s unless it is its own',
  (kind, other) => {
    expect(issuesOf(kind, cursors[other])).toEqual(kind === other ? undefined : invalidCursor);
  },
);

describe.each(kinds)('a list of %s', (kind) => {
  test.each([
    ['nothing', ''],
    ['null', null],
    ['a number', 12],
    ['a list', [cursors[kind]]],
    ['no base64', '§§§'],
    ['no JSON inside', Buffer.from('studio').toString('base64url')],
    ['a cursor that is cut off', cursors[kind].slice(0, -3)],
    ['JSON null', toJson(null)],
    ['an object', toJson({ id: sampleId, createdAt: sampleTime })],
    ['an empty list', toJson([])],
    ['a position with an additional field', toJson([sampleTime, sampleId, 1])],
    ['a position without a time', toJson([null, keyPosition.id])],
    ['a position before 1970', toJson([-1, kind === 'keys' ? keyPosition.id : sampleId])],
    [
      'a position with a fraction of a millisecond',
      toJson([0.5, kind === 'keys' ? keyPosition.id : sampleId]),
    ],
    ['a position with an invalid id', toJson([sampleTime, 'DROP'])],
    ['an invalid account name', toJson('-studio')],
    ['a prototype', toJson('__proto__')],
    ['entry 0', toJson(0)],
    ['half an entry', toJson(1.5)],
    ['an entry number that is too large', Buffer.from('1e300').toString('base64url')],
    ['its own cursor, padded beyond the maximum length', longer(cursors[kind])],
  ])('refuses %s as its cursor', (_what, cursor) => {
    expect(issuesOf(kind, cursor)).toEqual(invalidCursor);
  });
});

// The cursor is parsed to the same value, since JSON may be indented.
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
    expect(limitSchema.parse(text)).toBe(limit);
  });

  test.each(['', '0', '101', '-1', '1.5', '1e1', '+5', ' 5', '5\n', 'ten', null, 5])(
    'may not be %j',
    (wrong) => {
      expect(limitSchema.safeParse(wrong).error?.issues[0]?.message).toBe(
        'limit must be a whole number from 1 to 100',
      );
    },
  );
});

test('a page says where it goes on, or that it does not', () => {
  expect(pageResponse([1], 'abc')).toEqual({ object: 'list', data: [1], next_cursor: 'abc' });
  expect(pageResponse([], undefined)).toEqual({ object: 'list', data: [], next_cursor: null });
});

test('a cursor can stand in an address as it is', () => {
  expect(Object.values(cursors).join('')).toMatch(/^[\w-]+$/);
});
