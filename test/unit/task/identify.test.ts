import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../functions/task/account.ts';
import { type ApiKey, hashOfKey } from '../../../functions/task/api-key.ts';
import { identify } from '../../../functions/task/identify.ts';
import { settableClock } from '../../support/fakes.ts';
import { keyFor } from '../../support/money.ts';
import { sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { sampleAccount } from './sample-account.ts';

/** A key in the shape that all have. */
const made = (name: string | number) => `sk-dr-${String(name).padStart(43, '0')}`;
const apiKey = made('one');
const header = `Bearer ${apiKey}`;
const { keyId } = keyFor(apiKey);
const caller = {
  ...{ keyId, keyName: 'sample', account: 'default', userGroup: 'default' },
  ...{ scopes: ['generate'], allowedModels: undefined, requestsPerMinute: 300 },
};

function world(more: Partial<ApiKey> = {}, limits: Limits = {}) {
  const known = new Map([[hashOfKey(apiKey), keyFor(apiKey, more)]]);
  const asked: string[] = [];
  const noted: string[] = [];
  const clock = settableClock(sampleTime);
  const find = async (hash: string) => {
    asked.push(hash);
    const key = known.get(hash);
    return key && { key, account: sampleAccount({ limits }) };
  };
  const noteUse = async (id: string) => {
    noted.push(id);
  };
  const who = identify({ keys: { find }, now: clock.now, noteUse });
  return {
    ...{ known, asked, noted, clock },
    who: (authorization: string | undefined = header) => who(authorization, 'generate'),
    whoAdmin: () => who(header, 'admin'),
  };
}

describe('200', () => {
  test.each([`Bearer ${apiKey}`, `bearer ${apiKey}`, `BEARER   ${apiKey}`, `Bearer ${apiKey}  `])(
    'the header %j names the caller',
    async (authorization) => {
      expect(await world().who(authorization)).toEqual(caller);
    },
  );

  test('the caller may do what his key may, as often as his account may', async () => {
    const allowedModels = ['wan2.5-image-to-image'];

    const { who } = world({ allowedModels, name: 'website' }, { requestsPerMinute: 7 });

    expect(await who()).toEqual({
      ...{ ...caller, keyName: 'website', allowedModels, requestsPerMinute: 7 },
    });
  });

  test('only the hash of a key leaves this place', async () => {
    const { who, asked } = world();

    await who();

    expect(asked).toEqual(['1f63e549ea6e540e7d2829eaf0fc418ddcd64a9943be1e16a623d8d827977e1c']);
  });
});

describe('401', () => {
  const missing = 'Send your API key in the header "Authorization: Bearer <key>".';

  test.each([
    '',
    'Bearer',
    'Bearer ',
    apiKey,
    `Basic ${apiKey}`,
    `Bearer ${apiKey} more`,
    `XBearer ${apiKey}`,
  ])('the header %j holds no key, and nobody is asked about it', async (authorization) => {
    const { who, asked } = world();

    expect(await thrownBy(who(authorization))).toMatchObject({
      ...{ code: 'unauthorized', status: 401, message: missing, param: undefined },
    });
    expect(asked).toEqual([]);
  });

  test('no header at all', async () => {
    const who = identify({
      ...{ keys: { find: async () => undefined }, now: () => 0, noteUse: async () => {} },
    });

    expect(await thrownBy(who(undefined, 'generate'))).toMatchObject({
      ...{ code: 'unauthorized', message: missing },
    });
  });

  test.each([
    ['of another maker', 'sk-0123456789abcdef0123456789abcdef'],
    ['a letter too short', apiKey.slice(0, -1)],
    ['a letter too long', `${apiKey}0`],
    ['of 8 kB', `sk-dr-${'x'.repeat(8192)}`],
    ['with quotes', `"${apiKey}"`],
    ['with a comma and another one', `${apiKey},${apiKey}`],
    ['with a letter that only looks alike', apiKey.replace('o', 'о')],
    ['with a control character', apiKey.replace('o', '\u0007')],
    ['with NUL at its end', `${apiKey}\0`],
    ['in capitals', apiKey.toUpperCase()],
  ])('a key %s cannot be one of ours, and nobody is asked about it', async (_what, key) => {
    const { who, asked } = world();

    expect(await thrownBy(who(`Bearer ${key}`))).toMatchObject({
      ...{ code: 'unauthorized', status: 401, message: 'The API key is not valid.' },
    });
    expect(asked).toEqual([]);
  });

  test('a key that is not known', async () => {
    const { who, noted } = world();

    expect(await thrownBy(who(`Bearer ${made('two')}`))).toMatchObject({
      ...{ code: 'unauthorized', status: 401, message: 'The API key is not valid.' },
    });
    expect(noted).toEqual([]);
  });

  test('a key that was switched off says so by its name', async () => {
    expect(await thrownBy(world({ enabled: false, name: 'website' }).who())).toMatchObject({
      ...{ code: 'KEY_DISABLED', status: 401, message: 'The API key "website" is disabled.' },
      details: { key_name: 'website' },
    });
  });

  test('a key that is over says since when, in unix seconds', async () => {
    const { who } = world({ expiresAt: sampleTime - 1, name: 'website' });

    expect(await thrownBy(who())).toMatchObject({
      ...{ code: 'KEY_EXPIRED', status: 401, message: 'The API key "website" has expired.' },
      details: { key_name: 'website', expired_at: sampleTime / 1000 - 1 },
    });
  });

  test('a key is over at the very moment it expires, however lately it was asked about', async () => {
    const { who, asked, clock } = world({ expiresAt: sampleTime + 2 });

    await who();
    clock.advance(1);
    expect(await who()).toEqual(caller);
    clock.advance(1);
    expect(await thrownBy(who())).toMatchObject({ code: 'KEY_EXPIRED' });
    expect(asked).toHaveLength(1);
  });

  test('a key that is both is disabled: only the operator can help', async () => {
    const { who } = world({ enabled: false, expiresAt: 0 });

    expect(await thrownBy(who())).toMatchObject({ code: 'KEY_DISABLED' });
  });
});

describe('403', () => {
  test('a key without the scope', async () => {
    expect(await thrownBy(world().whoAdmin())).toMatchObject({
      ...{ code: 'permission_denied', status: 403 },
      message: 'The API key lacks the scope "admin".',
    });
  });

  test('a key for the operator alone makes no tasks', async () => {
    expect(await thrownBy(world({ scopes: ['admin'] }).who())).toMatchObject({
      message: 'The API key lacks the scope "generate".',
    });
  });

  test('not a key that has it', async () => {
    expect(await world({ scopes: ['generate', 'admin'] }).whoAdmin()).toMatchObject({ keyId });
  });

  test.each([
    ['disabled', { enabled: false }, 'KEY_DISABLED'],
    ['over', { expiresAt: sampleTime }, 'KEY_EXPIRED'],
  ] as const)('not before it is said that the key is %s', async (_what, more, code) => {
    expect(await thrownBy(world(more).whoAdmin())).toMatchObject({ code });
  });
});

describe('what is known about a key', () => {
  test('is kept for a minute and then asked again', async () => {
    const { who, asked, clock, known } = world();
    await who();
    known.clear();

    clock.advance(59_999);
    expect(await who()).toEqual(caller);
    expect(asked).toHaveLength(1);

    clock.advance(1);
    expect(await thrownBy(who())).toMatchObject({ code: 'unauthorized' });
    expect(asked).toHaveLength(2);
  });

  test('is kept also when it is nothing', async () => {
    const { who, asked, clock, known } = world();
    await thrownBy(who(`Bearer ${made('new')}`));
    known.set(hashOfKey(made('new')), keyFor(made('new')));

    clock.advance(59_999);
    expect(await thrownBy(who(`Bearer ${made('new')}`))).toMatchObject({ code: 'unauthorized' });
    expect(asked).toHaveLength(1);

    clock.advance(1);
    expect(await who(`Bearer ${made('new')}`)).toEqual({
      ...caller,
      keyId: keyFor(made('new')).keyId,
    });
  });

  test('is not kept when the question failed', async () => {
    let failing = true;
    const find = async () => {
      if (failing) throw new Error('throttled');
      return { key: keyFor(apiKey), account: sampleAccount() };
    };
    const who = identify({ keys: { find }, now: () => 0, noteUse: async () => {} });
    await expect(who(header, 'generate')).rejects.toThrow('throttled');

    failing = false;

    expect(await who(header, 'generate')).toEqual(caller);
  });

  test('never fills the memory, however many keys are made up', async () => {
    const { who, asked, noted } = world();
    await who();

    for (let n = 0; n < 999; n += 1) await thrownBy(who(`Bearer ${made(n)}`));
    await who();
    expect(asked).toHaveLength(1000);

    await thrownBy(who(`Bearer ${made(999)}`)); // one above what is kept: all is forgotten
    await who();
    expect(asked).toHaveLength(1002);
    expect(noted).toEqual([keyId, keyId]);
  });
});

test.each([
  ['disabled', { enabled: false }],
  ['over', { expiresAt: sampleTime }],
])('a key that is %s is not in use, however often it is tried', async (_what, more) => {
  const { who, noted } = world(more);

  await thrownBy(who());

  expect(noted).toEqual([]);
});

test('the use of a key is noted once a minute, however often it is used', async () => {
  const { who, noted, clock } = world();

  for (const ms of [0, 1, 59_998]) {
    clock.advance(ms);
    await who();
  }
  expect(noted).toEqual([keyId]);

  clock.advance(1);
  await who();
  expect(noted).toEqual([keyId, keyId]);
});
