import { describe, expect, test } from 'vitest';
import { deleted, failed, keyOf, sampleCaller, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import {
  context,
  expectNothingWritten,
  expectProblem,
  key,
  reserved,
  url,
  valid,
} from './create-task-context.ts';

describe('400', () => {
  const https = 'must be an https address';
  const hidden = 'must not point to a private address';
  const incomplete = 'must be a complete address, like https://example.com/path';

  test.each([
    ['image_urls[0]', 'over http', { image_urls: ['http://example.com/a.png'] }, https],
    ['image_urls[1]', 'of a private host', { image_urls: [url, 'https://10.0.0.1/a.png'] }, hidden],
    ['image_urls[0]', 'that is none', { image_urls: ['cat.png'] }, incomplete],
    ['image_urls[0]', 'that is empty', { image_urls: [''] }, incomplete],
    ['callback_url', 'over http', { callback_url: 'http://example.com/hook' }, https],
    ['callback_url', 'of this machine', { callback_url: 'https://127.0.0.1/hook' }, hidden],
    ['callback_url', 'that is none', { callback_url: 'hook' }, incomplete],
  ])('%s: a URL %s is rejected', async (param, _what, fields, reason) => {
    const there = context();

    const promise = there.create({ ...valid, ...fields }, key);

    await expectProblem(promise, 'invalid_request', `${param} ${reason}`, param);
    expectNothingWritten(there);
  });

  test('an address of a picture may have 8192 characters, and that of a callback 2048', async () => {
    const address = (length: number) => `https://example.com/${'a'.repeat(length - 20)}`;
    const there = context();

    await there.create({ ...valid, image_urls: [address(8192)], callback_url: address(2048) });

    await expectProblem(
      there.create({ ...valid, image_urls: [`https://example.com/${'ü'.repeat(1400)}`] }),
      'invalid_request',
      'image_urls[0] must have at most 8192 characters when it is percent-encoded',
      'image_urls[0]',
    );
  });

  test.each(['', ' ', 'x'.repeat(256), 'ümlauts-in-the-key'])(
    'an Idempotency-Key like %j is rejected',
    async (wrong) => {
      const there = context();

      const promise = there.create(valid, wrong);

      await expectProblem(
        promise,
        'invalid_request',
        'The header Idempotency-Key must be 1 to 255 printable characters of ASCII',
        'Idempotency-Key',
      );
      expectNothingWritten(there);
    },
  );

  test.each(['x', 'x'.repeat(255), 'order:4711, attempt #1'])(
    'an Idempotency-Key like %j is accepted',
    async (good) => {
      expect((await context().create(valid, good)).replayed).toBe(false);
    },
  );
});

describe('401', () => {
  test('a key that was deleted a moment ago is rejected', async () => {
    const there = context();
    await there.store.apiKeys.remove(sampleCaller.keyId);

    await expectProblem(there.create(valid, key), 'unauthorized', 'The API key is not valid.');
    expectNothingWritten(there);
  });
});

describe('402', () => {
  test('an account with too few credits is refused, and the error says how many it needs', async () => {
    const { create, funds, workflow, store } = context();
    for (const n of [4, 4]) await create({ ...valid, n });
    const before = funds();

    const promise = create({ ...valid, n: 3 }, key);

    await expectProblem(
      promise,
      'insufficient_quota',
      'The account has too few credits: 3 image(s) need 3.6.',
    );
    expect(funds()).toEqual(before);
    expect(store.all()).toHaveLength(2);
    expect(workflow.started()).toHaveLength(2);
  });

  test('an account without a grant is refused', async () => {
    const { create, store } = context();
    store.grant('other', 0);
    const other = { ...sampleCaller, account: 'other', keyId: keyOf('other') };

    const promise = create(valid, undefined, other);

    expect(await thrownBy(promise)).toMatchObject({
      code: 'insufficient_quota',
      status: 402,
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
          ...estimate,
          total_limit_credits: 3.599,
          used_credits: 0,
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
          ...estimate,
          daily_limit_credits: 3.599,
          daily_used_credits: 1.2,
          remaining_credits: 2.399,
          reset_timezone: 'UTC',
        },
      },
    ],
  ])(
    'a key that would be above %s is refused, and may spend what the error says is left',
    async (_what, limits, problem) => {
      const { create, limitKey, funds, store } = context();
      await limitKey(limits);
      await create(valid);

      expect(await thrownBy(create({ ...valid, n: 2 }, key))).toMatchObject(problem);
      expect(funds()).toEqual(reserved(1200, 1));

      await create(valid, key);
      expect(store.all()).toHaveLength(2);
    },
  );

  test('on the next day a key may spend as much again', async () => {
    const { create, limitKey, clock } = context();
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

  test('a key that may not use the model is refused, and the error says which it may use', async () => {
    const there = context();

    const promise = there.create(valid, key, { ...sampleCaller, allowedModels });

    expect(await thrownBy(promise)).toMatchObject({
      code: 'KEY_MODEL_NOT_ALLOWED',
      status: 403,
      param: 'model',
      message: 'The API key "sample" may not use wan2.5-image-to-image.',
      details: { key_name: 'sample', allowed_models: allowedModels },
    });
    expectNothingWritten(there);
  });

  test('a key that may use the model is accepted', async () => {
    const caller = { ...sampleCaller, allowedModels: ['wan1', 'wan2.5-image-to-image'] };

    expect((await context().create(valid, key, caller)).replayed).toBe(false);
  });
});

describe('409', () => {
  test('another body with the same Idempotency-Key is a conflict', async () => {
    const { create, store, funds, workflow } = context();
    await create(valid, key);

    const promise = create({ ...valid, n: 2 }, key);

    await expectProblem(
      promise,
      'idempotency_conflict',
      'This Idempotency-Key was used with another request: take a new one.',
      'Idempotency-Key',
    );
    expect(store.all()).toHaveLength(1);
    expect(funds().reserved).toBe(1200);
    expect(workflow.started()).toHaveLength(1);
  });
});

describe('409 for a task that was deleted', () => {
  test('the Idempotency-Key that has created it creates no other, and reserves nothing', async () => {
    const { create, store, funds, workflow } = context();
    const { task } = await create(valid, key);
    await store.ledger.settle(failed({ id: task.id }));
    const before = funds();
    await store.tasks.recordDeletion(deleted({ id: task.id }));

    await expectProblem(
      create(valid, key),
      'idempotency_conflict',
      'The task that this Idempotency-Key has created was deleted: take a new one.',
      'Idempotency-Key',
    );

    expect(store.all()).toEqual([]);
    expect(funds()).toEqual(before);
    expect(workflow.started()).toHaveLength(1);
  });
});

describe('429', () => {
  test('an account with its maximum of tasks in flight is refused until one of them ends', async () => {
    const { create, store, funds } = context();
    await store.accounts.change(sampleCaller.account, { limits: { tasksInFlight: 1 } });
    const { task } = await create(valid);

    expect(await thrownBy(create(valid, key))).toMatchObject({
      code: 'rate_limit_exceeded',
      status: 429,
      headers: { 'retry-after': '5' },
      message:
        'The account has as many tasks that have not ended as it may (1); send this one later.',
    });
    expect(funds()).toEqual(reserved(1200, 1));

    await store.ledger.settle(failed({ id: task.id }));
    expect((await create(valid, key)).replayed).toBe(false);
  });
});
