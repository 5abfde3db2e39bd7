import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { sign } from '../../../../functions/adapters/callbacks/deliver.ts';
import { newWebhookSecret } from '../../../../functions/domain/model/ids.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"id":"task-7","prompt":"grün"}';
const receivedWith = (theirs: string, sent: ReturnType<typeof sign>) =>
  new Webhook(theirs).verify(body, { ...sent });

test('the signature of the specification’s example is the published one', () => {
  const headers = sign(
    [secret],
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    '{"test": 2432232314}',
    1_614_265_330_999, // the signature counts in whole seconds
  );

  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a receiver with the official library accepts a callback', () => {
  expect(receivedWith(secret, sign([secret], 'evt-task-7', body, Date.now()))).toEqual(
    JSON.parse(body),
  );
});

describe('with a new secret beside the old one', () => {
  const [newest, previous] = [newWebhookSecret(), newWebhookSecret()];
  const headers = sign([newest, previous], 'evt-task-7', body, Date.now());

  test.each([
    ['knows the new one already', newest],
    ['knows only the old one', previous],
  ])('a receiver that %s accepts a callback', (_what, theirs) => {
    expect(receivedWith(theirs, headers)).toEqual(JSON.parse(body));
  });

  test('a receiver that knows neither secret rejects it', () => {
    expect(() => receivedWith(secret, headers)).toThrow();
  });

  test('there is one signature for each secret, separated by a space', () => {
    expect(headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
  });
});

describe('a receiver with the official library rejects', () => {
  const headers = sign([secret], 'evt-task-7', body, Date.now());
  const old = sign([secret], 'evt-task-7', body, Date.now() - 600_000);

  test.each([
    ['another body', secret, `${body} `, headers],
    ['another event', secret, body, { ...headers, 'webhook-id': 'evt-task-8' }],
    ['another secret', `whsec_${Buffer.alloc(24).toString('base64')}`, body, headers],
    ['a signature that is ten minutes old', secret, body, old],
  ])('a callback with %s', (_what, theirs, received, sent) => {
    expect(() => new Webhook(theirs).verify(received, { ...sent })).toThrow();
  });
});
