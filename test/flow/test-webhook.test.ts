import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Body, TestStack } from './open-stack.ts';
import { startReceiver } from './receiver.ts';
import { startStack } from './start-stack.ts';

// POST /v1/webhooks/test: the event as a receiver gets it, and the response to the caller.

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const path = '/v1/webhooks/test';
const admin = (way: string, body: object) =>
  stack.call('POST', `/v1/admin${way}`, body, { authorization: `Bearer ${stack.keys.adminKey}` });

/** An account with a key that has these scopes. */
async function customer(name: string, scopes: readonly string[] = ['manage']) {
  const id = `test-events-${name}`;
  const account = await admin('/accounts', { id });
  const key = await admin('/keys', { account: id, name: 'web', scopes });
  expect([account.status, key.status]).toEqual([200, 200]);
  const authorization = `Bearer ${key.body.api_key}`;
  return {
    secret: account.body.webhook_secret,
    send: (body: unknown) => stack.call('POST', path, body, { authorization }),
    get: (where: string) => stack.call('GET', where, undefined, { authorization }),
  };
}

const receiverFor = async (...statuses: number[]) => {
  const receiver = await startReceiver(...statuses);
  onTestFinished(() => receiver.close());
  return receiver;
};

const verify = (secret: string, { headers, body }: { headers: object; body: string }): Body =>
  new Webhook(secret).verify(
    body,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  ) as Body;

describe('200', () => {
  test('the receiver gets one signed event of the type test, and the caller gets its status and its text', async () => {
    const { send, secret } = await customer('tests');
    const receiver = await receiverFor(202);

    const { status, body } = await send({ url: `${receiver.url}/done?a=b` });

    expect({ status, body }).toEqual({
      status: 200,
      body: {
        object: 'webhook_test',
        event_id: expect.stringMatching(/^evt-task-test-\d+-[a-z0-9]{8}$/),
        delivered: true,
        status: 202,
        ms: expect.any(Number),
        reason: null,
        response_text: 'thank you',
      },
    });
    expect(receiver.received).toHaveLength(1);
    const [received = { headers: {}, body: '', path: '' }] = receiver.received;
    expect([received.path, Object(received.headers)['webhook-id']]).toEqual([
      '/done?a=b',
      body.event_id,
    ]);
    expect(verify(secret, received)).toMatchObject({
      type: 'test.image',
      status: 'completed',
      usage: { credits_used: 0 },
    });
  });

  test('the task of the event does not exist, and its link leads to no image', async () => {
    const { send, secret, get } = await customer('no-task');
    const receiver = await receiverFor(200);
    await send({ url: receiver.url });
    const [received = { headers: {}, body: '' }] = receiver.received;
    const event = verify(secret, received);

    expect((await get(`/v1/tasks/${event.id}`)).status).toBe(400);
    expect((await get(new URL(event.results[0]).pathname)).status).toBe(403);
    expect((await get('/v1/tasks')).body.data).toEqual([]);
  });

  test.each([
    ['answers with an error', 500, /status 500/],
    ['redirects', 302, /redirects are not followed/],
  ])(
    'a receiver that %s gets one request, and the caller gets the reason',
    async (_what, answer, reason) => {
      const { send } = await customer(`answers-${answer}`);
      const receiver = await receiverFor(answer);

      const { status, body } = await send({ url: receiver.url });

      expect([status, body.delivered, body.status]).toEqual([200, false, answer]);
      expect(body.reason).toMatch(reason);
      expect(receiver.received.map((one) => one.path)).toEqual(['/']);
    },
  );

  test('for a receiver that cannot be reached the response has the reason in words', async () => {
    const { send } = await customer('nobody-there');

    expect((await send({ url: 'http://127.0.0.1:9/' })).body).toMatchObject({
      delivered: false,
      status: null,
      reason: 'url refused the connection',
      response_text: null,
    });
  });
});

describe('400', () => {
  test.each([
    ['http://example.com/', 'url must be an https address'],
    ['https://10.0.0.1/', 'url must not point to a private address'],
    ['https://[::1]/', 'url must not point to a private address'],
    ['https://user:secret@example.com/', 'url must not contain a user name or a password'],
    [undefined, 'url is required: an https address of at most 2048 characters'],
  ])('the address %s is refused', async (url, message) => {
    const { status, body } = await stack.call(
      'POST',
      path,
      { url },
      { authorization: `Bearer ${stack.keys.adminKey}` },
    );

    expect([status, body.error]).toMatchObject([
      400,
      { code: 'invalid_request', param: 'url', message },
    ]);
  });
});

describe('403', () => {
  test.each([[['read']], [['generate']], [['read', 'generate']]])(
    'a key with the scopes %j sends nothing',
    async (scopes) => {
      const { send } = await customer(`only-${scopes.join('-')}`, scopes);
      const receiver = await receiverFor(200);

      const { status, body } = await send({ url: receiver.url });

      expect([status, body.error]).toMatchObject([
        403,
        { code: 'permission_denied', message: 'The API key lacks the scope "manage".' },
      ]);
      expect(receiver.received).toEqual([]);
    },
  );
});

describe('429', () => {
  test('the seventh event of an account within a minute is not sent', async () => {
    const { send } = await customer('busy');
    const receiver = await receiverFor(200);

    const responses = await Promise.all(
      Array.from({ length: 7 }, () => send({ url: receiver.url })),
    );

    expect(responses.map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 429,
    ]);
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.body.error.code).toBe('rate_limit_exceeded');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(receiver.received).toHaveLength(6);
  });
});
