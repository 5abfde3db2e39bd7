import { expect, test } from 'vitest';
import {
  callsPerMinute,
  type KeyActivity,
  limitCalls,
} from '../../../../functions/domain/accounts/rate-limit.ts';
import { memoryActivity } from '../../../support/activity.ts';
import { settableClock } from '../../../support/fakes.ts';
import { sampleCaller, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const caller = { ...sampleCaller, requestsPerMinute: 3 };

/** As many function instances as asked for, which share one store. */
function context(instances = 1) {
  const clock = settableClock(sampleTime);
  const store = memoryActivity();
  const writes: string[] = [];
  const activity: Pick<KeyActivity, 'consume'> = {
    consume: (keyId, perMinute, now) => {
      writes.push(keyId);
      return store.consume(keyId, perMinute, now);
    },
  };
  const functions = Array.from({ length: instances }, () => limitCalls(activity, clock.now));
  const [call = limitCalls(activity, clock.now)] = functions;
  return { clock, store, writes, functions, call };
}

test('a key may make twenty times as many calls as creates a minute, and is told how long to wait', async () => {
  const { call } = context();

  for (let n = 0; n < 60; n += 1) await call(caller);

  expect(callsPerMinute(3)).toBe(60);
  expect(await thrownBy(call(caller))).toMatchObject({
    code: 'rate_limit_exceeded',
    status: 429,
    message:
      'This API key may make 60 calls a minute that create nothing: make the next one in 10 s.',
    headers: { 'retry-after': '10' },
  });
});

test('after the wait there are calls again', async () => {
  const { call, clock } = context();
  for (let n = 0; n < 60; n += 1) await call(caller);

  clock.advance(10_000);

  for (let n = 0; n < 10; n += 1) await call(caller);
  expect(await thrownBy(call(caller))).toMatchObject({ code: 'rate_limit_exceeded' });
});

test('one call in ten writes, to a row that the creates do not use', async () => {
  const { call, writes, store } = context();

  for (let n = 0; n < 20; n += 1) await call(caller);

  expect(writes).toEqual([`calls#${caller.keyId}`, `calls#${caller.keyId}`]);
  expect((await store.consume(caller.keyId, 3, sampleTime)).rate.remaining).toBe(2);
});

test('all function instances together stay within the limit', async () => {
  const { functions } = context(20);

  const results = await Promise.allSettled(
    functions.flatMap((call) => Array.from({ length: 10 }, () => call(caller))),
  );

  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(60);
});

test('one key does not use up the calls of another', async () => {
  const { call } = context();
  for (let n = 0; n < 60; n += 1) await call(caller);
  await thrownBy(call(caller));

  await expect(call({ ...caller, keyId: 'key-of-another' })).resolves.toBeUndefined();
});
