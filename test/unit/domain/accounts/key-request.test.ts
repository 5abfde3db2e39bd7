import { describe, expect, test } from 'vitest';
import {
  KeyPatch,
  KeyRequest,
  KeysQuery,
} from '../../../../functions/domain/accounts/key-request.ts';
import { models } from '../../../../functions/domain/model/catalogue.ts';
import { invalid, problemOf } from './problem-of.ts';

const model = 'wan2.5-image-to-image';
const valid = { account: 'studio', name: 'website' };
const noObject = 'The body must be a JSON object.';
const amount = (field: string) =>
  `${field} must be a number from 0 to 1000000000 with at most 3 decimals`;
const rules = {
  account: 'account must be the name of an account',
  name: 'name must be a text of 1 to 100 characters',
  enabled: 'enabled must be true or false',
  scopes: 'scopes must be a list out of: read, generate, manage, admin',
  expires_at: 'expires_at must be a time in unix seconds',
  total_limit_credits: amount('total_limit_credits'),
  daily_limit_credits: amount('daily_limit_credits'),
  reset_timezone: 'reset_timezone must be the name of a time zone, like Europe/Berlin',
  allowed_models: `allowed_models must be a list out of: ${models.map(({ id }) => id).join(', ')}`,
} as const;
type Field = keyof typeof rules;

const amounts = [
  ...[-1, -0.001, 0.0001, 1e-10, 1.2345, 1_000_000_000.001, 1e300, JSON.parse('1e999')],
  ...['5', true, [], {}],
];
// Invalid values of each field, both in a new key and in a change.
const wrongFields: readonly (readonly [Field, readonly unknown[]])[] = [
  ['name', ['', ' ', '\n\t', 'x'.repeat(101), '🌌'.repeat(101), null, 7, ['x']]],
  ['scopes', [[], ['read', 'generate', 'manage', 'admin', 'admin'], 'generate', null, {}]],
  ['expires_at', [-1, 1.5, 253_402_300_800, 1e300, '1757156493', true, '2026-11-22T00:00:00Z']],
  ['total_limit_credits', amounts],
  ['daily_limit_credits', amounts],
  ['reset_timezone', ['', 'Berlin', 'Mars/Olympus', 'Europe/Berlin\n', '__proto__', null, 1, []]],
  ['allowed_models', [[], model, {}]],
];
// A rule about one element of a list names the element.
const wrongElements: readonly (readonly [Field, unknown, number])[] = [
  ['scopes', ['root'], 0],
  ['scopes', ['generate', 7], 1],
  ['allowed_models', ['dall-e'], 0],
  ['allowed_models', [model, 'dall-e'], 1],
  ['allowed_models', ['constructor'], 0],
  ['allowed_models', [null], 0],
];
const wrong = [
  ...wrongFields.flatMap(([field, values]) =>
    values.map((value) => [field, value, field] as const),
  ),
  ...wrongElements.map(([field, value, index]) => [field, value, `${field}[${index}]`] as const),
];

describe('a new key', () => {
  test('needs only an account and a name', () => {
    expect(KeyRequest.parse(valid)).toEqual({
      ...valid,
      mode: 'live',
      scopes: ['generate'],
      reset_timezone: 'UTC',
    });
  });

  test('has its limits in milli-credits and its expiry in milliseconds', () => {
    const full = {
      ...valid,
      mode: 'live',
      scopes: ['admin', 'generate'],
      reset_timezone: 'Europe/Berlin',
      expires_at: 1_757_156_493,
      allowed_models: [model],
      total_limit_credits: 999_999_999.999,
      daily_limit_credits: 0.001,
    };

    expect(KeyRequest.parse(full)).toEqual({
      ...full,
      expires_at: 1_757_156_493_000,
      total_limit_credits: 999_999_999_999,
      daily_limit_credits: 1,
    });
  });

  test.each([
    ['name', 'x'],
    ['name', '🌌'.repeat(100)],
    ['name', 'two words'],
    ['expires_at', 0],
    ['expires_at', null],
    ['total_limit_credits', 0],
    ['total_limit_credits', null],
    ['daily_limit_credits', null],
    ['allowed_models', null],
    ['reset_timezone', 'Asia/Kathmandu'],
    ['reset_timezone', '+08:00'],
  ])('may have a %s of %j', (field, value) => {
    expect(KeyRequest.parse({ ...valid, [field]: value })).toMatchObject({ [field]: value });
  });

  test('may expire at the end of the year 9999', () => {
    const { expires_at = 0 } = KeyRequest.parse({ ...valid, expires_at: 253_402_300_799 });

    expect(new Date(expires_at ?? 0).toISOString()).toBe('9999-12-31T23:59:59.000Z');
  });

  test.each([['manage'], ['admin'], ['generate', 'manage']])(
    'of test mode cannot have the scope %s',
    (...scopes) => {
      const message = 'scopes of a test key must be out of: read, generate';
      const request = { ...valid, mode: 'test', scopes };

      expect(problemOf(KeyRequest, request)).toEqual(invalid(message, 'scopes'));
    },
  );

  test('has one of two modes', () => {
    expect(problemOf(KeyRequest, { ...valid, mode: 'sandbox' })).toEqual(
      invalid('mode must be one of: live, test', 'mode'),
    );
  });

  test('ignores unknown fields, also the key itself', () => {
    const proto: object = JSON.parse('{"__proto__": {"scopes": ["admin"]}}');
    const more = { ...valid, enabled: false, api_key: 'sk-dr-mine', ...proto };

    expect(Object.keys(KeyRequest.parse(more)).sort()).toEqual([
      ...['account', 'mode', 'name', 'reset_timezone', 'scopes'],
    ]);
  });

  test.each(wrong)('with a %s of %j is rejected', (field, value, param) => {
    expect(problemOf(KeyRequest, { ...valid, [field]: value })).toEqual(
      invalid(rules[field], param),
    );
  });

  test.each([null, '', 'Studio', 'a#b', 7, ['studio']])(
    'of an account %j is rejected',
    (account) => {
      expect(problemOf(KeyRequest, { ...valid, account })).toEqual(
        invalid(rules.account, 'account'),
      );
    },
  );

  test('without a name is rejected', () => {
    expect(problemOf(KeyRequest, { account: 'studio' })).toEqual(invalid(rules.name, 'name'));
  });

  test.each([null, 'website', 7, [], undefined])('cannot be requested with the body %j', (body) => {
    expect(problemOf(KeyRequest, body)).toEqual(invalid(noObject));
  });
});

describe('a change of a key', () => {
  test.each([
    { name: 'shop' },
    { enabled: false },
    { enabled: true },
    { scopes: ['admin'] },
    { reset_timezone: 'UTC' },
    { expires_at: null, total_limit_credits: null, daily_limit_credits: null },
    { allowed_models: null },
  ])('may be %j', (patch) => {
    expect(KeyPatch.parse(patch)).toEqual(patch);
  });

  test('is parsed like a new key', () => {
    const patch = { expires_at: 1, total_limit_credits: 1.2, daily_limit_credits: 0 };

    expect(KeyPatch.parse(patch)).toEqual({
      expires_at: 1000,
      total_limit_credits: 1200,
      daily_limit_credits: 0,
    });
  });

  test.each([{}, { account: 'other' }, { api_key: 'sk-dr-mine' }, { used_credits: 0 }])(
    'cannot be %j, which would change nothing',
    (patch) => {
      expect(problemOf(KeyPatch, patch)).toEqual(
        invalid('There is nothing to change: send at least one field of the key.'),
      );
    },
  );

  test.each(wrong)('to a %s of %j is rejected', (field, value, param) => {
    expect(problemOf(KeyPatch, { [field]: value })).toEqual(invalid(rules[field], param));
  });

  test.each([null, 'true', 1, 0])('to an enabled of %j is rejected', (enabled) => {
    expect(problemOf(KeyPatch, { enabled })).toEqual(invalid(rules.enabled, 'enabled'));
  });

  test.each([null, 'shop', 7, [], undefined])('cannot be requested with the body %j', (body) => {
    expect(problemOf(KeyPatch, body)).toEqual(invalid(noObject));
  });
});

test.each([{ account: '' }, { account: 'Studio' }, { account: 'a,b' }])(
  'a list of keys cannot be of the account %j',
  (query) => {
    expect(problemOf(KeysQuery, query)).toEqual(invalid(rules.account, 'account'));
  },
);
