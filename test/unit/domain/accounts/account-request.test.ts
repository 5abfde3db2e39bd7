import { describe, expect, test } from 'vitest';
import {
  AccountPatch,
  AccountRequest,
  CreditRequest,
  isAccountName,
  RotationRequest,
} from '../../../../functions/domain/accounts/account-request.ts';
import { invalid, problemOf } from './problem-of.ts';

const name = (field: string) =>
  `${field} must be 1 to 63 characters out of a-z 0-9 -, and not begin with -`;
const limits = 'limits must be an object like {"requests_per_minute": 60, "tasks_in_flight": 10}';
const count = (field: string) => `limits.${field} must be a whole number from 1 to 100000`;
const noObject = 'The body must be a JSON object.';
// As JSON.parse makes it: an own property, where a literal would set the prototype.
const proto: unknown = JSON.parse('{"__proto__": {"user_group": "vip", "limits": {}}}');

const names = [
  '',
  '-studio',
  'Studio',
  'stu dio',
  'stüdio',
  'studio\n',
  'a#b',
  '__proto__',
  'a'.repeat(64),
];
const counts = [0, -1, 1.5, 100_001, 1e300, Number.MAX_SAFE_INTEGER + 1, '60', true, [60], {}];
const noObjects = [null, 'studio', 7, [], [{ id: 'studio' }], undefined];

test.each(names)('%j is not an account name', (wrong) => {
  expect(isAccountName(wrong)).toBe(false);
});

test.each(['a', '0', 'studio', 'studio-7', 'a-', 'a'.repeat(63), 'constructor'])(
  '%j is an account name',
  (good) => {
    expect(isAccountName(good)).toBe(true);
  },
);

describe('a new account', () => {
  test('needs only an id', () => {
    expect(AccountRequest.parse({ id: 'studio' })).toEqual({
      id: 'studio',
      user_group: 'default',
      limits: {},
    });
  });

  test('may have a group and limits', () => {
    const full = {
      id: 'studio',
      user_group: 'vip',
      limits: { requests_per_minute: 1, tasks_in_flight: 100_000 },
    };

    expect(AccountRequest.parse(full)).toEqual(full);
  });

  test('ignores unknown fields', () => {
    const more = { id: 'studio', credits: 5, limits: { images: 3 }, ...Object(proto) };

    expect(AccountRequest.parse(more)).toEqual({
      id: 'studio',
      user_group: 'default',
      limits: {},
    });
  });

  test.each(noObjects)('cannot be requested with the body %j', (body) => {
    expect(problemOf(AccountRequest, body)).toEqual(invalid(noObject));
  });

  test.each([...names, undefined, null, 7, ['studio']])('cannot have the id %j', (id) => {
    expect(problemOf(AccountRequest, { id })).toEqual(invalid(name('id'), 'id'));
  });

  test.each(['operator', 'canary'])(
    'cannot have the id %j, which is an account of Darkroom itself',
    (id) => {
      const reserved = 'id cannot be operator or canary: these are accounts of Darkroom itself';

      expect(problemOf(AccountRequest, { id })).toEqual(invalid(reserved, 'id'));
      expect(AccountRequest.safeParse({ id: `${id}-2` }).success).toBe(true);
    },
  );

  test.each([...names, null, 7, ['vip']])('cannot have the group %j', (user_group) => {
    expect(problemOf(AccountRequest, { id: 'studio', user_group })).toEqual(
      invalid(name('user_group'), 'user_group'),
    );
  });

  test.each([null, 60, '60', [], true])('cannot have limits like %j', (wrong) => {
    expect(problemOf(AccountRequest, { id: 'studio', limits: wrong })).toEqual(
      invalid(limits, 'limits'),
    );
  });

  test.each(
    ['requests_per_minute', 'tasks_in_flight'].flatMap((field) =>
      [...counts, null].map((value) => [field, value] as const),
    ),
  )('cannot have a limit of %s of %j', (field, value) => {
    expect(problemOf(AccountRequest, { id: 'studio', limits: { [field]: value } })).toEqual(
      invalid(count(field), `limits.${field}`),
    );
  });
});

describe('the daily budget of an account', () => {
  test('is read in milli-credits', () => {
    expect(AccountPatch.parse({ daily_budget_credits: 50.125 })).toEqual({
      daily_budget_credits: 50_125,
    });
  });

  test.each([0, -1, 0.0001, 1e10, '50', true, []])('cannot be %j', (daily_budget_credits) => {
    expect(problemOf(AccountPatch, { daily_budget_credits })).toMatchObject({
      code: 'invalid_request',
      param: 'daily_budget_credits',
    });
  });

  test.each([
    ['enabled', 'false'],
    ['enabled', null],
    ['stop_at_budget', 1],
  ])('and %s cannot be %j', (field, value) => {
    expect(problemOf(AccountPatch, { [field]: value })).toMatchObject({ param: field });
  });
});

describe('a change of an account', () => {
  test.each([
    { user_group: 'vip' },
    { limits: { requests_per_minute: 1 } },
    { limits: { requests_per_minute: null, tasks_in_flight: null } },
    { user_group: 'vip', limits: {} },
    { enabled: false },
    { stop_at_budget: true },
    { daily_budget_credits: null },
  ])('may be %j', (patch) => {
    expect(AccountPatch.parse(patch)).toEqual(patch);
  });

  test.each([{}, { limits: {} }, { id: 'other' }, { limits: { images: 3 } }, proto])(
    'cannot be %j, which would change nothing',
    (patch) => {
      expect(problemOf(AccountPatch, patch)).toEqual(
        invalid(
          'There is nothing to change: send user_group, limits, enabled, daily_budget_credits or stop_at_budget.',
        ),
      );
    },
  );

  test.each(noObjects)('cannot be requested with the body %j', (body) => {
    expect(problemOf(AccountPatch, body)).toEqual(invalid(noObject));
  });

  test.each([...names, null, 7])('to the group %j is rejected', (user_group) => {
    expect(problemOf(AccountPatch, { user_group })).toEqual(
      invalid(name('user_group'), 'user_group'),
    );
  });

  test.each([null, 60, []])('to limits like %j is rejected', (wrong) => {
    expect(problemOf(AccountPatch, { limits: wrong })).toEqual(invalid(limits, 'limits'));
  });

  test.each(
    ['requests_per_minute', 'tasks_in_flight'].flatMap((field) =>
      counts.map((value) => [field, value] as const),
    ),
  )('to a limit of %s of %j is rejected', (field, value) => {
    expect(problemOf(AccountPatch, { limits: { [field]: value } })).toEqual(
      invalid(count(field), `limits.${field}`),
    );
  });
});

describe('credits', () => {
  test.each([
    [1, 1000],
    [0.001, 1],
    [-0.001, -1],
    [1.2, 1200],
    [0.1 + 0.2, 300],
    [-50, -50_000],
    [999_999_999.999, 999_999_999_999],
    [1e9, 1e12],
    [-1e9, -1e12],
  ])('of %d are parsed as %i milli-credits', (credits, milliCredits) => {
    expect(CreditRequest.parse({ credits })).toEqual({ credits: milliCredits });
  });

  test('may have a note', () => {
    expect(CreditRequest.parse({ credits: 1, note: 'x'.repeat(200) })).toEqual({
      credits: 1000,
      note: 'x'.repeat(200),
    });
    expect(CreditRequest.parse({ credits: 1, note: '' })).toEqual({ credits: 1000, note: '' });
  });

  const rule =
    'credits must be a number with at most 3 decimals, not 0 and not above 1000000000; below 0 withdraws';

  // JSON can contain an infinite number: JSON.parse reads 1e999 as Infinity.
  test.each([
    ...[0, -0, 0.0001, 0.0005, 1e-10, -1e-10, 5e-324, 1.2345, 1_000_000_000.001, -1_000_000_001],
    ...[1e15, -1e15, 1e300, JSON.parse('1e999'), JSON.parse('-1e999'), Number.NaN],
    ...['100', '', null, undefined, true, [1], {}],
  ])('cannot be %j', (credits) => {
    expect(problemOf(CreditRequest, { credits })).toEqual(invalid(rule, 'credits'));
  });

  test.each(['x'.repeat(201), null, 7, ['x']])('cannot have a note like %j', (note) => {
    expect(problemOf(CreditRequest, { credits: 1, note })).toEqual(
      invalid('note must be a text of at most 200 characters', 'note'),
    );
  });

  test.each(noObjects)('cannot be requested with the body %j', (body) => {
    expect(problemOf(CreditRequest, body)).toEqual(invalid(noObject));
  });
});

describe('a new webhook secret', () => {
  test.each([
    [{}, 24],
    [{ overlap_hours: 0 }, 0],
    [{ overlap_hours: 0.5 }, 0.5],
    [{ overlap_hours: 168 }, 168],
  ])('requested with %j keeps the previous one valid for %d hours', (body, hours) => {
    expect(RotationRequest.parse(body)).toEqual({ overlap_hours: hours });
  });

  test.each([-1, -0.001, 168.1, 1e300, JSON.parse('1e999'), '24', null, true, []])(
    'cannot keep the previous one valid for %j hours',
    (overlap_hours) => {
      expect(problemOf(RotationRequest, { overlap_hours })).toEqual(
        invalid('overlap_hours must be a number from 0 to 168', 'overlap_hours'),
      );
    },
  );

  test('can be requested without a body', () => {
    expect(RotationRequest.parse(undefined)).toEqual({ overlap_hours: 24 });
  });

  const bodiesThatAreNoObject = noObjects.filter((body) => body !== undefined);

  test('has bodies to refuse', () => {
    expect(bodiesThatAreNoObject).toHaveLength(noObjects.length - 1);
    expect(bodiesThatAreNoObject).not.toEqual([]);
  });

  test.each(bodiesThatAreNoObject)('cannot be requested with %j', (body) => {
    expect(problemOf(RotationRequest, body)).toEqual(invalid(noObject));
  });
});
