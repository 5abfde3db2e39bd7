import { describe, expect, test } from 'vitest';
import { failed, keyOf, sampleCaller, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { key, nothingHappened, refused, reserved, url, valid, world } from './create-task-world.ts';

describe('400', () => {
  const https = 'must be an https address';
  const hidden = 'must not point to a private address';
  const incomplete = 'must be a complete address, like https://example.com/path';

  test.each([
    ['image_urls[0]', 'over http', { image_urls: ['http://example.com/a.png'] }, https],
    ['image_urls[1]', 'of a private host', { image_urls: [url, 'https://10.0.0.1/a.png'] }, hidden],
    ['image_urls[0]', 'that is none', { image_urls: ['cat.png'] }, incomplete],
    ['image_urls[0]', 'that is empty', { image_urls: [''] }, incomplete],
    ['image_urls[0]', 'that is a data URL', { image_urls: ['data:image/png;base64,AA=='] }, https],
    ['callback_url', 'over http', { callback_url: 'http://example.com/hook' }, https],
    ['callback_url', 'of this machine', { callback_url: 'https://127.0.0.1/hook' }, hidden],
    ['callback_url', 'that is none', { callback_url: 'hook' }, incomplete],
  ])('%s: an address %s', async (param, _what, fields, reason) => {
    const there = world();

    const deed = there.create({ ...valid, ...fields }, key);

    await refused(deed, 'invalid_request', `${param} ${reason}`, param);
    nothingHappened(there);
  });

  test.each([
    '',
    'x'.repeat(15),
    'x'.repeat(97),
    'with a space in it',
    'with-a-colon:-in-it',
    'ümlauts-in-the-key',
  ])('an Idempotency-Key like %j', async (wrong) => {
    const there = world();

    const deed = there.create(valid, wrong);

    await refused(
      deed,
      'invalid_request',
      'The header Idempotency-Key must be 16 to 96 characters out of A-Z a-z 0-9 . _ -',
      'Idempotency-Key',
    );
    nothingHappened(there);
  });

  test.each(['x'.repeat(16), 'x'.repeat(96), 'A-Z.a_z-0123456789'])(
    'not one like %j',
    async (good) => {
      expect((await world().create(valid, good)).replayed).toBe(false);
    },
  );
});

describe('401', () => {
  test('a key that was deleted a moment ago', async () => {
    const there = world();
    await there.store.apiKeys.remove(sampleCaller.keyId);

    await refused(there.create(valid, key), 'unauthorized', 'The API key is not valid.');
    nothingHappened(there);
  });
});

describe('402', () => {
  test('an account with too few credits learns how many it needs', async () => {
    const { create, funds, workflow, store } = world();
    for (const n of [4, 4]) await create({ ...valid, n });
    const before = funds();

    const deed = create({ ...valid, n: 3 }, key);

    await refused(
      deed,
      'insufficient_quota',
      'The account has too few credits: 3 image(s) need 3.6.',
    );
    expect(funds()).toEqual(before);
    expect(store.all()).toHaveLength(2);
    expect(workflow.started()).toHaveLength(2);
  });

  test('an account nobody granted anything has nothing', async () => {
    const { create, store } = world();
    store.grant('other', 0);
    const other = { ...sampleCaller, account: 'other', keyId: keyOf('other') };

    const deed = create(valid, undefined, other);

    expect(await thrownBy(deed)).toMatchObject({
      ...{ code: 'insufficient_quota', status: 402 },
      details: { estimated_credits: 1.2, account_balance_credits: 0 },
    });
  });

  const estimate = { key_name: 'sample', estimated_credits: 2.4 };

  test.each([
    [
      'its limit',
      { totalLimit: 3599 },
      {
        code: 'KEY_QUOTA_EXHAUSTED',
        message: 'The API key "sample" has reached its limit: 2 image(s) need 2.4.',
        details: {
          ...{ ...estimate, total_limit_credits: 3.599, used_credits: 0 },
          remaining_credits: 2.399,
        },
      },
    ],
    [
      'its limit for the day',
      { dailyLimit: 3599 },
      {
        code: 'KEY_DAILY_QUOTA_EXHAUSTED',
        message:
          'The API key "sample" has reached its limit for today: 2 image(s) need 2.4. It begins anew at midnight, UTC.',
        details: {
          ...{ ...estimate, daily_limit_credits: 3.599, daily_used_credits: 1.2 },
          ...{ remaining_credits: 2.399, reset_timezone: 'UTC' },
        },
      },
    ],
  ])(
    'a key that would be above %s learns what is left, and may spend that',
    async (_what, limits, problem) => {
      const { create, limitKey, funds, store } = world();
      await limitKey(limits);
      await create(valid);

      expect(await thrownBy(create({ ...valid, n: 2 }, key))).toMatchObject(problem);
      expect(funds()).toEqual(reserved(1200, 1));

      await create(valid, key);
      expect(store.all()).toHaveLength(2);
    },
  );

  test('tomorrow a key may spend as much again', async () => {
    const { create, limitKey, clock } = world();
    await limitKey({ dailyLimit: 1200 });
    await create(valid);
    clock.advance(Date.parse('2025-09-06T23:59:59.999Z') - sampleTime);
    expect(await thrownBy(create(valid))).toMatchObject({ code: 'KEY_DAILY_QUOTA_EXHAUSTED' });

    clock.advance(1);

    expect((await create(valid)).replayed).toBe(false);
  });
});

describe('403', () => {
  const allowedModels = ['wan1', 'wan2'];

  test('a key that may not use the model learns which it may', async () => {
    const there = world();

    const deed = there.create(valid, key, { ...sampleCaller, allowedModels });

    expect(await thrownBy(deed)).toMatchObject({
      ...{ code: 'KEY_MODEL_NOT_ALLOWED', status: 403, param: 'model' },
      message: 'The API key "sample" may not use wan2.5-image-to-image.',
      details: { key_name: 'sample', allowed_models: allowedModels },
    });
    nothingHappened(there);
  });

  test('not one that may', async () => {
    const caller = { ...sampleCaller, allowedModels: ['wan1', 'wan2.5-image-to-image'] };

    expect((await world().create(valid, key, caller)).replayed).toBe(false);
  });
});

describe('409', () => {
  test('another body with the same Idempotency-Key', async () => {
    const { create, store, funds, workflow } = world();
    await create(valid, key);

    const deed = create({ ...valid, n: 2 }, key);

    await refused(
      deed,
      'idempotency_conflict',
      'This Idempotency-Key was used with another request: take a new one.',
      'Idempotency-Key',
    );
    expect(store.all()).toHaveLength(1);
    expect(funds().reserved).toBe(1200);
    expect(workflow.started()).toHaveLength(1);
  });
});

describe('429', () => {
  test('an account with as many unfinished tasks as it may have, until one of them ends', async () => {
    const { create, store, funds } = world();
    await store.accounts.change(sampleCaller.account, { limits: { tasksInFlight: 1 } });
    const { task } = await create(valid);

    expect(await thrownBy(create(valid, key))).toMatchObject({
      ...{ code: 'rate_limit_exceeded', status: 429, headers: { 'retry-after': '5' } },
      message:
        'The account has as many tasks that have not ended as it may (1); send this one later.',
    });
    expect(funds()).toEqual(reserved(1200, 1));

    await store.ledger.settle(failed({ id: task.id }));
    expect((await create(valid, key)).replayed).toBe(false);
  });
});
