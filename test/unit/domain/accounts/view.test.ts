import { describe, expect, test } from 'vitest';
import { accountView, entryView } from '../../../../functions/domain/accounts/accounts.ts';
import { keyView } from '../../../../functions/domain/accounts/keys.ts';
import { entryIdOf, type Statement } from '../../../../functions/domain/model/account.ts';
import { sampleId, sampleKey, sampleTime } from '../../../support/tasks.ts';
import { sampleAccount } from '../sample-account.ts';

const created = 1_757_156_493;
const keyId = 'key-0123456789abcdef';

describe('an account', () => {
  test('is shown with its credits, and with the default limits where it has none of its own', () => {
    const account = sampleAccount({
      account: 'studio',
      granted: 100_000,
      balance: 98_800,
      reserved: 1200,
      used: 0,
      inFlight: 1,
      createdAt: sampleTime + 999,
    });

    expect(accountView(account)).toStrictEqual({
      object: 'account',
      id: 'studio',
      user_group: 'default',
      created,
      credits: { granted: 100, balance: 98.8, reserved: 1.2, used: 0 },
      limits: { requests_per_minute: 300, tasks_in_flight: 2000 },
      tasks_in_flight: 1,
      enabled: true,
      daily_budget_credits: null,
      stop_at_budget: false,
    });
  });

  test.each([
    [{ requestsPerMinute: 7 }, { requests_per_minute: 7, tasks_in_flight: 2000 }],
    [{ tasksInFlight: 7 }, { requests_per_minute: 300, tasks_in_flight: 7 }],
  ])('is shown with its own limits: %j', (limits, shown) => {
    expect(accountView(sampleAccount({ limits })).limits).toStrictEqual(shown);
  });

  test('that is disabled, and one with a budget, are shown like that', () => {
    const budget = { amount: 50_500, isLimit: true, epoch: 3 };

    expect(accountView(sampleAccount({ disabled: true, budget }))).toMatchObject({
      enabled: false,
      daily_budget_credits: 50.5,
      stop_at_budget: true,
    });
  });

  test('that is new is shown with zeros', () => {
    expect(accountView(sampleAccount())).toMatchObject({
      credits: { granted: 0, balance: 0, reserved: 0, used: 0 },
      tasks_in_flight: 0,
    });
  });
});

describe('an entry', () => {
  const at = sampleTime + 999;
  const nothing = { charged_credits: null, task_id: null, key_id: null, note: null };

  test.each<[string, Statement['entries'][number], object]>([
    [
      'a grant',
      {
        id: entryIdOf(sampleTime, 'entry-12'),
        kind: 'grant',
        at,
        amount: 100_000,
        balance: 198_800,
        keyId,
        note: 'invoice 7',
      },
      {
        ...nothing,
        id: entryIdOf(sampleTime, 'entry-12'),
        kind: 'grant',
        key_id: keyId,
        note: 'invoice 7',
        amount_credits: 100,
        balance_credits: 198.8,
      },
    ],
    [
      'a withdrawal without a known key',
      { id: entryIdOf(sampleTime, 'entry-13'), kind: 'withdraw', at, amount: -1, balance: 0 },
      {
        ...nothing,
        id: entryIdOf(sampleTime, 'entry-13'),
        kind: 'withdraw',
        amount_credits: -0.001,
        balance_credits: 0,
      },
    ],
    [
      'a reservation',
      {
        id: entryIdOf(sampleTime, 'entry-1'),
        kind: 'reserve',
        at,
        amount: -1200,
        balance: 98_800,
        taskId: sampleId,
        keyId,
      },
      {
        ...nothing,
        id: entryIdOf(sampleTime, 'entry-1'),
        kind: 'reserve',
        task_id: sampleId,
        key_id: keyId,
        amount_credits: -1.2,
        balance_credits: 98.8,
      },
    ],
    [
      'a settlement that cost nothing',
      {
        id: entryIdOf(sampleTime, 'entry-2'),
        kind: 'settle',
        at,
        amount: 1200,
        balance: 100_000,
        charged: 0,
        taskId: sampleId,
        keyId,
      },
      {
        ...nothing,
        id: entryIdOf(sampleTime, 'entry-2'),
        kind: 'settle',
        task_id: sampleId,
        key_id: keyId,
        amount_credits: 1.2,
        balance_credits: 100,
        charged_credits: 0,
      },
    ],
    [
      'a grant whose balance is not known',
      { id: entryIdOf(sampleTime, 'entry-3'), kind: 'grant', at, amount: 1000 },
      {
        ...nothing,
        id: entryIdOf(sampleTime, 'entry-3'),
        kind: 'grant',
        amount_credits: 1,
        balance_credits: null,
      },
    ],
  ])('%s shows what it changed', (_what, entry, shown) => {
    expect(entryView(entry)).toStrictEqual({ object: 'ledger_entry', created, ...shown });
  });
});

describe('a key', () => {
  const plain = {
    object: 'api_key',
    id: keyId,
    account: 'default',
    mode: 'live',
    name: 'sample',
    is_session: false,
    created,
    scopes: ['generate'],
    enabled: true,
    last_four: 'a1B2',
    reset_timezone: 'UTC',
    expires_at: null,
    last_used_at: null,
    allowed_models: null,
    total_limit_credits: null,
    daily_limit_credits: null,
    used_credits: 0,
    reserved_credits: 0,
    daily_used_credits: null,
  };

  test('is shown without limits', () => {
    expect(keyView(sampleKey())).toStrictEqual(plain);
  });

  test('is shown with every field it can have', () => {
    const key = sampleKey({
      enabled: false,
      scopes: ['generate', 'admin'],
      timeZone: 'Asia/Shanghai',
      expiresAt: sampleTime + 1999,
      allowedModels: ['wan2.5-image-to-image'],
      totalLimit: 10_000,
      dailyLimit: 0,
    });
    const spending = { used: 6000, reserved: 1200, today: 2400 };

    expect(keyView(key, spending, sampleTime + 2999)).toStrictEqual({
      ...plain,
      enabled: false,
      scopes: ['generate', 'admin'],
      reset_timezone: 'Asia/Shanghai',
      expires_at: created + 1,
      last_used_at: created + 2,
      allowed_models: ['wan2.5-image-to-image'],
      total_limit_credits: 10,
      daily_limit_credits: 0,
      used_credits: 6,
      reserved_credits: 1.2,
      daily_used_credits: 2.4,
    });
  });

  test('with a daily limit that was not used today is shown with zero', () => {
    const key = sampleKey({ dailyLimit: 2400 });

    expect(keyView(key).daily_used_credits).toBe(0);
  });

  test('is never shown itself', () => {
    expect(JSON.stringify(keyView(sampleKey()))).not.toContain('hash');
  });
});
