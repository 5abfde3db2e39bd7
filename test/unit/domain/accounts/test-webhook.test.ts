import { describe, expect, test } from 'vitest';
import { WebhookTestRequest } from '../../../../functions/domain/accounts/account-request.ts';
import { limitTestEvents } from '../../../../functions/domain/accounts/rate-limit.ts';
import { TestEvent, WebhookTest } from '../../../../functions/domain/accounts/schemas.ts';
import {
  type TestDelivery,
  testWebhook,
} from '../../../../functions/domain/accounts/test-webhook.ts';
import { isTaskId, newTestTaskId } from '../../../../functions/domain/model/ids.ts';
import { urlProblems } from '../../../../functions/domain/model/url-problems.ts';
import { memoryActivity } from '../../../support/activity.ts';
import { settableClock } from '../../../support/fakes.ts';
import { sampleCaller, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const url = 'https://shop.example.com/done';
const ok: TestDelivery = { status: 200, ms: 84, text: 'ok' };
const isPrivate = (address: string) => (address.includes('10.') ? 'is private' : undefined);

function context(delivery: TestDelivery = ok) {
  const clock = settableClock(sampleTime);
  const sent: { account: string; id: string; url: string; body: string }[] = [];
  const run = testWebhook({
    countTestEvent: limitTestEvents(memoryActivity(), clock.now),
    urlProblem: isPrivate,
    deliver: async (account, event) => {
      sent.push({ account, ...event });
      return delivery;
    },
    newTestTaskId,
    baseUrl: 'https://api.example.com',
    now: clock.now,
  });
  return {
    clock,
    sent,
    run: (more: Partial<typeof sampleCaller> = {}, to = url) =>
      run({ ...sampleCaller, ...more }, { url: to }),
  };
}

describe('200', () => {
  test('an event is sent once, for the account of the caller, under an id that no other test has', async () => {
    const { run, sent } = context();

    const first = await run({ account: 'studio' });
    const second = await run({ account: 'studio' });

    expect(sent).toMatchObject([
      { account: 'studio', url, id: first.event_id },
      { account: 'studio', url, id: second.event_id },
    ]);
    expect(first.event_id).not.toBe(second.event_id);
  });

  test('the event is the callback of a completed task but for its type and its id, which no task can have', async () => {
    const { run, sent } = context();

    await run();

    const event = TestEvent.parse(JSON.parse(sent[0]?.body ?? ''));
    expect(event).toMatchObject({
      type: 'test.image',
      status: 'completed',
      results: [`https://api.example.com/v1/results/${event.id}/1`],
      usage: { credits_used: 0, user_group: 'default' },
    });
    expect(isTaskId(event.id)).toBe(false);
    expect(sent[0]?.id).toBe(`evt-${event.id}`);
  });

  test.each<[what: string, delivery: TestDelivery, response: object]>([
    ['a 2xx', ok, { delivered: true, status: 200, ms: 84, reason: null, response_text: 'ok' }],
    [
      'a 2xx without a text',
      { status: 204, ms: 1, text: undefined },
      { delivered: true, status: 204, response_text: null },
    ],
    [
      'another status',
      { status: 401, ms: 5, text: 'no' },
      {
        delivered: false,
        status: 401,
        reason: 'url answered with the status 401, and only a 2xx means that an event was received',
        response_text: 'no',
      },
    ],
    [
      'a redirect',
      { status: 302, ms: 5, text: '' },
      {
        delivered: false,
        reason: expect.stringMatching(/status 302, .*; redirects are not followed$/),
      },
    ],
    ...(
      [
        'unresolvable',
        'connectionRefused',
        'timedOut',
        'tls',
        'privateAddress',
        'invalidHttp',
      ] as const
    ).map((name): [string, TestDelivery, object] => [
      `no answer (${name})`,
      { ms: 9, cause: new Error(urlProblems[name]) },
      {
        delivered: false,
        status: null,
        ms: 9,
        reason: `url ${urlProblems[name]}`,
        response_text: null,
      },
    ]),
  ])('for %s the response says what happened', async (_what, delivery, response) => {
    const { run } = context(delivery);

    const shown = await run();

    expect(WebhookTest.parse(shown)).toMatchObject(response);
  });

  test.each([
    ['a\u0000b\u001b[31mc\u007f\u009b', 'ab[31mc'],
    ['two\r\nlines\tand more ', 'two lines and more'],
    ['\u202egnp.exe\u2066', 'gnp.exe'],
    ['x'.repeat(300), 'x'.repeat(200)],
    ['🌌'.repeat(201), '🌌'.repeat(200)],
  ])(
    'of the text %j at most 200 characters are shown, and no control character',
    async (text, shown) => {
      const { run } = context({ ...ok, text });

      expect((await run()).response_text).toBe(shown);
    },
  );
});

describe('400', () => {
  test('an address that may not be used is refused: nothing is sent, and nothing is counted', async () => {
    const { run, sent } = context();

    for (let n = 0; n < 7; n += 1) {
      expect(await thrownBy(run({}, 'https://10.0.0.1/'))).toMatchObject({
        code: 'invalid_request',
        status: 400,
        param: 'url',
        message: 'url is private',
      });
    }

    expect(sent).toEqual([]);
    expect(await run()).toMatchObject({ delivered: true });
  });

  test.each([
    {},
    { url: '' },
    { url: 7 },
    { url: null },
    { url: `https://example.com/${'x'.repeat(2048)}` },
  ])('a body like %j is refused', (body) => {
    expect(WebhookTestRequest.safeParse(body)).toMatchObject({
      error: {
        issues: [{ message: 'url is required: an https address of at most 2048 characters' }],
      },
    });
  });
});

describe('429', () => {
  test('an account sends six a minute, whichever of its keys it calls with, and then one every ten seconds', async () => {
    const { run, sent, clock } = context();
    const keyOf = (n: number) => ({ keyId: `key-000000000000000${n}` });
    for (let n = 0; n < 6; n += 1) await run(keyOf(n));

    expect(await thrownBy(run(keyOf(7)))).toMatchObject({
      code: 'rate_limit_exceeded',
      status: 429,
      message: 'An account may send 6 test events a minute: send the next one in 10 s.',
      headers: { 'retry-after': '10' },
    });
    await run({ account: 'other' });
    clock.advance(10_000);
    await run();

    expect(sent).toHaveLength(8);
    expect(await thrownBy(run())).toMatchObject({ code: 'rate_limit_exceeded' });
  });
});
