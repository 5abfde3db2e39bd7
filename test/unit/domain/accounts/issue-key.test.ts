import { describe, expect, test } from 'vitest';
import { authenticate } from '../../../../functions/domain/accounts/authenticate.ts';
import {
  CanaryKeyRequest,
  canaryKeyRequest,
  type IssuedKey,
  IssueKeyRequest,
  issueFor,
  issueKey,
} from '../../../../functions/domain/accounts/issue-key.ts';
import { idempotencyTtlMs } from '../../../../functions/domain/billing/idempotency.ts';
import type { Ledger } from '../../../../functions/domain/billing/ledger.ts';
import { noFunds } from '../../../../functions/domain/model/account.ts';
import { hashOfKey, keyIdOf } from '../../../../functions/domain/model/api-key.ts';
import { patterns } from '../../../../functions/domain/model/ids.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const idempotencyKey = 'order-7-of-2026-11-22';

function context(ledger?: Pick<Ledger, 'credit'>) {
  const store = memoryStore();
  const clock = settableClock(sampleTime);
  const { accounts, apiKeys: keys } = store;
  const issue = issueKey({ accounts, keys, ledger: ledger ?? store.ledger, now: clock.now });
  return {
    store,
    clock,
    issue: (request: unknown = {}) => issue(IssueKeyRequest.parse(request), 'request'),
    balance: async (account = 'default') => (await accounts.find(account))?.balance,
    issued: async () => (await keys.list('default', { limit: 100 })).keys,
  };
}

describe('a new key', () => {
  test('is returned, and authenticates at the API', async () => {
    const { store, issue } = context();

    const issued = await issue({ account: 'studio', scopes: ['generate', 'admin'] });

    const who = authenticate({
      keys: store.keys,
      now: () => sampleTime,
      touchLastUsed: async () => {},
      continueSession: async () => true,
    });
    expect(await who(`Bearer ${issued.api_key}`, 'admin')).toMatchObject({
      keyId: issued.key_id,
      account: 'studio',
      userGroup: 'default',
      scopes: ['generate', 'admin'],
    });
  });

  test('is stored as its hash and its last four characters only', async () => {
    const { issued, issue } = context();

    const { api_key: key, key_id: keyId } = await issue({ name: 'the shop' });

    const hash = hashOfKey(key);
    expect(await issued()).toEqual([
      {
        keyId,
        hash,
        lastFour: key.slice(-4),
        account: 'default',
        name: 'the shop',
        scopes: ['generate'],
        enabled: true,
        createdAt: sampleTime,
        timeZone: 'UTC',
      },
    ]);
    expect(keyId).toBe(keyIdOf(hash));
    expect(JSON.stringify(await issued())).not.toContain(key);
  });

  test.each(['operator', 'canary'])(
    'is not made in the account %s, which is one of Darkroom itself',
    (account) => {
      expect(IssueKeyRequest.safeParse({ account }).success).toBe(false);
      expect(IssueKeyRequest.safeParse({ account, mode: 'test' }).success).toBe(false);
    },
  );

  test('of the canary is a test key that may generate, and its request has nothing to choose', async () => {
    const { store } = context();
    const { accounts, apiKeys: keys, ledger } = store;

    const issued = await issueKey({ accounts, keys, ledger, now: () => sampleTime })(
      canaryKeyRequest,
      'request',
    );

    expect(issued.api_key).toMatch(/^sk-dr-test-/);
    expect(await keys.find(issued.key_id)).toMatchObject({
      account: 'canary',
      mode: 'test',
      scopes: ['generate'],
    });
    expect(CanaryKeyRequest.safeParse({ canary: true }).success).toBe(true);
    expect(CanaryKeyRequest.safeParse({ canary: true, mode: 'live' }).success).toBe(false);
    expect(CanaryKeyRequest.safeParse({ canary: 'shop' }).success).toBe(false);
  });

  test('has the scope generate, the account default and no credits by default', () => {
    expect(IssueKeyRequest.parse({})).toEqual({
      account: 'default',
      name: 'first',
      mode: 'live',
      scopes: ['generate'],
      credits: 0,
    });
  });
});

describe('an account', () => {
  test('is created with its first key and gets the credits of the request', async () => {
    const { store, issue } = context();

    const issued = await issue({ credits: 12.5 });

    expect(issued).toMatchObject({ account: 'default' });
    expect(store.funds('default')).toEqual({
      ...noFunds,
      granted: 12_500,
      balance: 12_500,
    });
    const { entries } = await store.accounts.entries('default', { limit: 10 });
    expect(entries).toEqual([
      {
        id: expect.stringMatching(patterns.entryId),
        kind: 'grant',
        at: sampleTime,
        amount: 12_500,
        balance: 12_500,
        keyId: issued.key_id,
      },
    ]);
  });

  test('returns its webhook secret with its first key and never again', async () => {
    const { store, issue } = context();

    const [first, second] = [await issue(), await issue()];

    expect(first.webhook_secret).toMatch(/^whsec_/);
    expect((await store.accounts.secrets('default'))?.newest).toBe(first.webhook_secret);
    expect(second.webhook_secret).toBeUndefined();
  });

  test('is shared by all its keys, and the credits of the requests add up', async () => {
    const { balance, issue } = context();

    const [one, two, three] = [
      await issue({ credits: 1 }),
      await issue({ credits: 2 }),
      await issue(),
    ];

    expect(new Set([one.api_key, two.api_key, three.api_key]).size).toBe(3);
    expect(await balance()).toBe(3000);
  });

  test('is not created when the credits are no whole milli-credits', async () => {
    const { store, issue, issued } = context();

    expect(await thrownBy(issue({ credits: 0.0001 }))).toBeInstanceOf(RangeError);

    expect(await store.accounts.find('default')).toBeUndefined();
    expect(await issued()).toEqual([]);
  });

  test('that could not be created by an error is not taken for an existing one', async () => {
    const { store } = context();
    const accounts = { ...store.accounts, add: () => Promise.reject(new Error('throttled')) };
    const issue = issueKey({
      accounts,
      keys: store.apiKeys,
      ledger: store.ledger,
      now: () => sampleTime,
    });

    await expect(issue(IssueKeyRequest.parse({}), 'request')).rejects.toThrow('throttled');
  });
});

describe('the same request repeated', () => {
  test('creates another key, since the first may be lost, and grants its credits once', async () => {
    const { balance, issue, issued, clock } = context();
    const first = await issue({ credits: 5, idempotency_key: idempotencyKey });
    clock.advance(1000);

    const second = await issue({ credits: 5, idempotency_key: idempotencyKey });

    expect(second.api_key).not.toBe(first.api_key);
    expect(await issued()).toHaveLength(2);
    expect(await balance()).toBe(5000);
  });

  test.each([
    ['with other credits', { credits: 6 }],
    ['for another account', { credits: 5, account: 'studio' }],
  ])('%s is a conflict, and grants nothing', async (_what, other) => {
    const { balance, issue } = context();
    await issue({ credits: 5, idempotency_key: idempotencyKey });

    const thrown = await thrownBy(issue({ ...other, idempotency_key: idempotencyKey }));

    expect(thrown).toMatchObject({ code: 'idempotency_conflict' });
    expect([await balance(), (await balance('studio')) ?? 0]).toEqual([5000, 0]);
  });

  test('after 24 hours is a new request', async () => {
    const { balance, issue, clock } = context();
    await issue({ credits: 5, idempotency_key: idempotencyKey });

    clock.advance(idempotencyTtlMs + 1000);
    await issue({ credits: 5, idempotency_key: idempotencyKey });

    expect(await balance()).toBe(10_000);
  });
});

test('a rejected grant is an error', async () => {
  const { issue } = context({ credit: async () => ({ state: 'account_missing' }) });

  await expect(issue({ credits: 1 })).rejects.toThrow('the grant was rejected: account_missing');
});

test.each([
  { account: '' },
  { account: 'Studio' },
  { account: 'a#b' },
  { account: '-a' },
  { account: 'a'.repeat(64) },
  { name: '' },
  { name: ' ' },
  { name: 'x'.repeat(101) },
  { scopes: [] },
  { scopes: ['root'] },
  { credits: -1 },
  { credits: 1_000_000_001 },
  { credits: '5' },
  { idempotency_key: '' },
  { idempotency_key: 'x'.repeat(256) },
  { idempotency_key: 'grün' },
])('a request like %j is rejected', (request) => {
  expect(IssueKeyRequest.safeParse(request).success).toBe(false);
});

describe('an event of the operator', () => {
  const key: IssuedKey = { api_key: 'sk-dr-test', key_id: 'key-1', account: 'default' };
  const code = { code: 'once-1', expires_at: 1 };
  const issue = () => {
    const requests: object[] = [];
    const issueEvent = issueFor({
      issueKey: async (request) => {
        requests.push(request);
        return key;
      },
      issueCode: async (request) => {
        requests.push(request);
        return code;
      },
    });
    return { requests, issue: (event: unknown) => issueEvent(event, 'request') };
  };

  test.each<[string, unknown, object, object]>([
    ['a link to the console', { console: { name: 'ada' } }, { console: { name: 'ada' } }, code],
    ['the key of the canary', { canary: true }, canaryKeyRequest, key],
    ['a key', { account: 'shop' }, IssueKeyRequest.parse({ account: 'shop' }), key],
  ])('that asks for %s gets it', async (_, event, request, issued) => {
    const made = issue();

    expect(await made.issue(event)).toEqual(issued);
    expect(made.requests).toEqual([request]);
  });

  test.each([{ canary: false }, { console: {} }, { account: 'A B' }, null, 'canary'])(
    '%j is not a known request, and nothing is issued',
    async (event) => {
      const made = issue();

      expect(await thrownBy(made.issue(event))).toMatchObject({ name: 'ZodError' });
      expect(made.requests).toEqual([]);
    },
  );
});
