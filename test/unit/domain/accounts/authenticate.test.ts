import { describe, expect, test } from 'vitest';
import {
  admitCreate,
  authenticate,
  recheckKey,
} from '../../../../functions/domain/accounts/authenticate.ts';
import type { Limits } from '../../../../functions/domain/model/account.ts';
import {
  type ApiKey,
  type Caller,
  hashOfKey,
  type Scope,
} from '../../../../functions/domain/model/api-key.ts';
import { Problem } from '../../../../functions/domain/model/problem.ts';
import { settableClock } from '../../../support/fakes.ts';
import { keyFor } from '../../../support/money.ts';
import { sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import { sampleAccount } from '../sample-account.ts';

/** A key in the shape of all keys. */
const made = (name: string | number) => `sk-dr-${String(name).padStart(43, '0')}`;
const apiKey = made('one');
const header = `Bearer ${apiKey}`;
const { keyId } = keyFor(apiKey);
const caller: Caller = {
  keyId,
  keyName: 'sample',
  account: 'default',
  userGroup: 'default',
  scopes: ['generate'],
  allowedModels: undefined,
  expiresAt: undefined,
  totalLimit: undefined,
  dailyLimit: undefined,
  timeZone: 'UTC',
  requestsPerMinute: 300,
};

function context(more: Partial<ApiKey> = {}, limits: Limits = {}) {
  const known = new Map([[hashOfKey(apiKey), keyFor(apiKey, more)]]);
  const lookups: string[] = [];
  const touched: string[] = [];
  const clock = settableClock(sampleTime);
  const find = async (hash: string) => {
    lookups.push(hash);
    const key = known.get(hash);
    return key && { key, account: sampleAccount({ limits }) };
  };
  const touchLastUsed = async (id: string) => {
    touched.push(id);
  };
  const identify = authenticate({
    keys: { find },
    now: clock.now,
    touchLastUsed,
    continueSession: async () => true,
  });
  return {
    known,
    lookups,
    touched,
    clock,
    identify: (authorization: string | undefined = header) => identify(authorization, 'generate'),
    identifyAdmin: () => identify(header, 'admin'),
    identifyFor: (scope: Scope) => identify(header, scope),
  };
}

describe('200', () => {
  test.each([`Bearer ${apiKey}`, `bearer ${apiKey}`, `BEARER   ${apiKey}`, `Bearer ${apiKey}  `])(
    'the header %j names the caller',
    async (authorization) => {
      expect(await context().identify(authorization)).toEqual(caller);
    },
  );

  test('the caller has the permissions of the key and the request limit of the account', async () => {
    const allowedModels = ['wan2.5-image-to-image'];

    const { identify } = context({ allowedModels, name: 'website' }, { requestsPerMinute: 7 });

    expect(await identify()).toEqual({
      ...caller,
      keyName: 'website',
      allowedModels,
      requestsPerMinute: 7,
    });
  });

  test('the key is looked up by its hash only', async () => {
    const { identify, lookups } = context();

    await identify();

    expect(lookups).toEqual(['1f63e549ea6e540e7d2829eaf0fc418ddcd64a9943be1e16a623d8d827977e1c']);
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
  ])('the header %j contains no key, and nothing is looked up', async (authorization) => {
    const { identify, lookups } = context();

    expect(await thrownBy(identify(authorization))).toMatchObject({
      code: 'unauthorized',
      status: 401,
      message: missing,
      param: undefined,
    });
    expect(lookups).toEqual([]);
  });

  test('a request without the header is rejected', async () => {
    const identify = authenticate({
      keys: { find: async () => undefined },
      now: () => 0,
      touchLastUsed: async () => {},
      continueSession: async () => true,
    });

    expect(await thrownBy(identify(undefined, 'generate'))).toMatchObject({
      code: 'unauthorized',
      message: missing,
    });
  });

  test.each([
    ['of another service', 'sk-0123456789abcdef0123456789abcdef'],
    ['one letter too short', apiKey.slice(0, -1)],
    ['one letter too long', `${apiKey}0`],
    ['of 8 kB', `sk-dr-${'x'.repeat(8192)}`],
    ['with quotes', `"${apiKey}"`],
    ['with a comma and another one', `${apiKey},${apiKey}`],
    ['with a letter that only looks the same', apiKey.replace('o', 'о')],
    ['with a control character', apiKey.replace('o', '\u0007')],
    ['with NUL at its end', `${apiKey}\0`],
    ['in capitals', apiKey.toUpperCase()],
  ])('a key %s cannot be valid, and is not looked up', async (_what, key) => {
    const { identify, lookups } = context();

    expect(await thrownBy(identify(`Bearer ${key}`))).toMatchObject({
      code: 'unauthorized',
      status: 401,
      message: 'The API key is not valid.',
    });
    expect(lookups).toEqual([]);
  });

  test('an unknown key is rejected, and its use is not recorded', async () => {
    const { identify, touched } = context();

    expect(await thrownBy(identify(`Bearer ${made('two')}`))).toMatchObject({
      code: 'unauthorized',
      status: 401,
      message: 'The API key is not valid.',
    });
    expect(touched).toEqual([]);
  });

  test('a disabled key is rejected, and the error names it', async () => {
    expect(await thrownBy(context({ enabled: false, name: 'website' }).identify())).toMatchObject({
      code: 'KEY_DISABLED',
      status: 401,
      message: 'The API key "website" is disabled.',
      details: { key_name: 'website' },
    });
  });

  test('an expired key is rejected, and the error says since when, in unix seconds', async () => {
    const { identify } = context({ expiresAt: sampleTime - 1, name: 'website' });

    expect(await thrownBy(identify())).toMatchObject({
      code: 'KEY_EXPIRED',
      status: 401,
      message: 'The API key "website" has expired.',
      details: { key_name: 'website', expired_at: sampleTime / 1000 - 1 },
    });
  });

  test('a key is rejected from the very moment it expires, also when it is cached', async () => {
    const { identify, lookups, clock } = context({ expiresAt: sampleTime + 2 });

    await identify();
    clock.advance(1);
    expect(await identify()).toEqual({ ...caller, expiresAt: sampleTime + 2 });
    clock.advance(1);
    expect(await thrownBy(identify())).toMatchObject({ code: 'KEY_EXPIRED' });
    expect(lookups).toHaveLength(1);
  });

  test('a key that is disabled and expired is reported as disabled: only the operator can help', async () => {
    const { identify } = context({ enabled: false, expiresAt: 0 });

    expect(await thrownBy(identify())).toMatchObject({ code: 'KEY_DISABLED' });
  });
});

describe('403', () => {
  test('a key without the scope is rejected', async () => {
    expect(await thrownBy(context().identifyAdmin())).toMatchObject({
      code: 'permission_denied',
      status: 403,
      message: 'The API key lacks the scope "admin".',
    });
  });

  test.each(['read', 'manage', 'admin'] as const)(
    'a key with the scope %s only cannot create tasks',
    async (scope) => {
      expect(await thrownBy(context({ scopes: [scope] }).identify())).toMatchObject({
        message: 'The API key lacks the scope "generate".',
      });
    },
  );

  test('a key with the scope is accepted', async () => {
    expect(await context({ scopes: ['generate', 'admin'] }).identifyAdmin()).toMatchObject({
      keyId,
    });
  });

  test.each([
    ['disabled', { enabled: false }, 'KEY_DISABLED'],
    ['expired', { expiresAt: sampleTime }, 'KEY_EXPIRED'],
  ] as const)('a key that is %s is reported as such first', async (_what, more, code) => {
    expect(await thrownBy(context(more).identifyAdmin())).toMatchObject({ code });
  });
});

describe('the cache of keys', () => {
  test('is used for a minute, and then the key is looked up again', async () => {
    const { identify, lookups, clock, known } = context();
    await identify();
    known.clear();

    clock.advance(59_999);
    expect(await identify()).toEqual(caller);
    expect(lookups).toHaveLength(1);

    clock.advance(1);
    expect(await thrownBy(identify())).toMatchObject({ code: 'unauthorized' });
    expect(lookups).toHaveLength(2);
  });

  test('also keeps for a minute that a key does not exist', async () => {
    const { identify, lookups, clock, known } = context();
    await thrownBy(identify(`Bearer ${made('new')}`));
    known.set(hashOfKey(made('new')), keyFor(made('new')));

    clock.advance(59_999);
    expect(await thrownBy(identify(`Bearer ${made('new')}`))).toMatchObject({
      code: 'unauthorized',
    });
    expect(lookups).toHaveLength(1);

    clock.advance(1);
    expect(await identify(`Bearer ${made('new')}`)).toEqual({
      ...caller,
      keyId: keyFor(made('new')).keyId,
    });
  });

  test('a session that has been idle is refused each time, also where keys are cached', async () => {
    const session = keyFor(apiKey, { isSession: true, scopes: ['admin'] });
    const asked: string[] = [];
    const identify = authenticate({
      keys: { find: async () => ({ key: session, account: sampleAccount() }) },
      now: () => sampleTime,
      touchLastUsed: async () => {},
      continueSession: async ({ keyId }) => {
        asked.push(keyId);
        return false;
      },
    });

    for (const scope of ['read', 'read', 'admin'] as const) {
      expect(await thrownBy(identify(header, scope))).toMatchObject({ code: 'KEY_EXPIRED' });
    }
    expect(asked).toHaveLength(3);
  });

  test('does not keep a lookup that failed', async () => {
    let failing = true;
    const find = async () => {
      if (failing) throw new Error('throttled');
      return { key: keyFor(apiKey), account: sampleAccount() };
    };
    const identify = authenticate({
      keys: { find },
      now: () => 0,
      touchLastUsed: async () => {},
      continueSession: async () => true,
    });
    await expect(identify(header, 'generate')).rejects.toThrow('throttled');

    failing = false;

    expect(await identify(header, 'generate')).toEqual(caller);
  });

  test('has a maximum size, however many invented keys are looked up', async () => {
    const { identify, lookups, touched } = context();
    await identify();

    for (let n = 0; n < 999; n += 1) await thrownBy(identify(`Bearer ${made(n)}`));
    await identify();
    expect(lookups).toHaveLength(1000);

    await thrownBy(identify(`Bearer ${made(999)}`)); // one above the maximum: the cache is emptied
    await identify();
    expect(lookups).toHaveLength(1002);
    expect(touched).toEqual([keyId, keyId]);
  });
});

describe('a key whose permissions matter more than the time of a read', () => {
  test.each(['manage', 'admin'] as const)(
    'is looked up at every request that needs the scope %s',
    async (scope) => {
      const { identify, identifyFor, known, lookups } = context({ scopes: ['generate', 'admin'] });
      await identify();
      await identifyFor(scope);
      await identifyFor(scope);
      expect(lookups).toHaveLength(3);

      known.clear();

      expect(await thrownBy(identifyFor(scope))).toMatchObject({ code: 'unauthorized' });
    },
  );

  const changes: readonly [what: string, more: Partial<ApiKey> | undefined, code: string][] = [
    ['disabled', { enabled: false }, 'KEY_DISABLED'],
    ['expired', { expiresAt: sampleTime }, 'KEY_EXPIRED'],
    ['deleted', undefined, 'unauthorized'],
    ['left without the scope', { scopes: ['read'] }, 'permission_denied'],
  ];

  test.each(changes)(
    'that is %s creates nothing from then on, in ten warm functions',
    async (_what, more, code) => {
      let key: ApiKey | undefined = keyFor(apiKey);
      const functions = Array.from({ length: 10 }, () => {
        const keys = { find: async () => key && { key, account: sampleAccount() } };
        const now = () => sampleTime;
        const authenticateCaller = authenticate({
          keys,
          now,
          touchLastUsed: async () => {},
          continueSession: async () => true,
        });
        const admit = admitCreate({
          countRequest: async () => ({}),
          recheckKey: recheckKey({
            keys: { find: async () => key },
            findProfile: async () => sampleAccount(),
            now,
          }),
        });
        return async () => admit(await authenticateCaller(header, 'generate'), 'generate');
      });
      for (const create of functions) expect((await create()).caller).toEqual(caller);

      key = more && keyFor(apiKey, more);

      const refused = await Promise.all(functions.map((create) => thrownBy(create())));
      expect(refused).toHaveLength(10);
      for (const problem of refused) expect(problem).toMatchObject({ code });
    },
  );

  test('of an account that was disabled since creates nothing, and the caller is told so', async () => {
    const key = keyFor(apiKey);
    const recheck = recheckKey({
      keys: { find: async () => key },
      findProfile: async () => sampleAccount({ disabled: true }),
      now: () => sampleTime,
    });

    expect(await thrownBy(recheck(caller, 'generate'))).toMatchObject({
      code: 'KEY_DISABLED',
      status: 401,
      message: 'The account of the API key "sample" is disabled.',
    });
  });

  test('has the limits and the budget that its account has now', async () => {
    const budget = { amount: 5000, isLimit: true, epoch: 1 };
    const recheck = recheckKey({
      keys: { find: async () => keyFor(apiKey) },
      findProfile: async () =>
        sampleAccount({ budget, userGroup: 'vip', limits: { requestsPerMinute: 7 } }),
      now: () => sampleTime,
    });

    expect(await recheck(caller, 'generate')).toMatchObject({
      budget,
      userGroup: 'vip',
      requestsPerMinute: 7,
    });
  });

  test('creates with the models that it may use now', async () => {
    const key = keyFor(apiKey, { allowedModels: ['another-model'] });
    const recheck = recheckKey({
      keys: { find: async () => key },
      findProfile: async () => sampleAccount(),
      now: () => sampleTime,
    });

    expect(await recheck(caller, 'generate')).toMatchObject({ allowedModels: ['another-model'] });
  });

  test('is reported before the rate limit, however fast that was', async () => {
    const admit = admitCreate({
      countRequest: () => Promise.reject(new Problem('rate_limit_exceeded', 'Too many.')),
      recheckKey: async () => {
        await new Promise(setImmediate);
        throw new Problem('KEY_DISABLED', 'Disabled.');
      },
    });

    expect(await thrownBy(admit(caller, 'generate'))).toMatchObject({ code: 'KEY_DISABLED' });
  });

  test('is read while the request is counted', async () => {
    const order: string[] = [];
    const step = async <T>(name: string, result: T) => {
      order.push(`${name} begins`);
      await new Promise(setImmediate);
      order.push(`${name} ends`);
      return result;
    };
    const admit = admitCreate({
      countRequest: () => step('count', { 'x-ratelimit-limit': '1' }),
      recheckKey: () => step('read', caller),
    });

    expect(await admit(caller, 'generate')).toEqual({
      caller,
      headers: { 'x-ratelimit-limit': '1' },
    });
    expect(order).toEqual(['read begins', 'count begins', 'read ends', 'count ends']);
  });
});

test.each([
  ['disabled', { enabled: false }],
  ['expired', { expiresAt: sampleTime }],
])('the use of a key that is %s is not recorded', async (_what, more) => {
  const { identify, touched } = context(more);

  await thrownBy(identify());

  expect(touched).toEqual([]);
});

test('the use of a key is not recorded when the write that counts the request does that', async () => {
  const { known, clock, touched } = context();
  const identify = authenticate({
    keys: {
      find: async (hash) => {
        const key = known.get(hash);
        return key && { key, account: sampleAccount() };
      },
    },
    now: clock.now,
    touchLastUsed: async (id) => void touched.push(id),
    continueSession: async () => true,
  });

  await identify(header, 'generate', { isRecordedByCount: true });
  expect(touched).toEqual([]);

  clock.advance(60_000);
  await identify(header, 'generate');
  expect(touched).toEqual([keyId]);
});

test('the use of a key is recorded once a minute, however often it is used', async () => {
  const { identify, touched, clock } = context();

  for (const ms of [0, 1, 59_998]) {
    clock.advance(ms);
    await identify();
  }
  expect(touched).toEqual([keyId]);

  clock.advance(1);
  await identify();
  expect(touched).toEqual([keyId, keyId]);
});
