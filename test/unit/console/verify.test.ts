import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { verify } from '../../../console/screens/webhooks/verify.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`;
const now = 1_796_000_000;
const body = '{"id":"task-1","n":1}';
const signature = new Webhook(secret).sign('msg-1', new Date(now * 1000), body);
const headers = `Webhook-Id: msg-1\nwebhook-timestamp: ${now}\nwebhook-signature: ${signature}`;

const wrongParts = async (change: object, at = now) =>
  (await verify({ headers, body, secret, ...change }, at))
    .filter(({ isRight }) => !isRight)
    .map(({ name, note }) => `${name} ${note}`);

describe('a callback that is pasted', () => {
  test('exactly as it arrived has no wrong part', async () => {
    expect(await verify({ headers, body, secret }, now)).toHaveLength(5);
    expect(await wrongParts({})).toEqual([]);
  });

  test('with the signatures of two secrets is right, as during a change of the secret', async () => {
    const both = headers.replace('v1,', 'v1,b2xk v1,');

    expect(await wrongParts({ headers: both })).toEqual([]);
  });

  test.each([
    ['another secret', { secret: `whsec_${btoa('another')}` }, /^signature does not fit/],
    ['another body', { body: '{"id":"task-2"}' }, /^signature does not fit/],
    [
      'a formatted body',
      { body: '{ "id": "task-1", "n": 1 }' },
      /^signature fits the compact JSON/,
    ],
    ['a line break behind the body', { body: `${body}\n` }, /^signature fits without the line/],
    ['no secret', { secret: 'sk-dr-1' }, /^secret must be whsec_/],
    ['no id', { headers: headers.replace('Webhook-Id', 'X-Id') }, /^webhook-id is missing/],
    ['no signature', { headers: headers.replace('v1,', '') }, /^webhook-signature has no part/],
    ['no headers', { headers: '' }, /^webhook-id is missing/],
  ])('with %s gets a note that says so', async (_, change, says) => {
    expect((await wrongParts(change))[0]).toMatch(says);
  });

  test('too late gets a note that says how old it is', async () => {
    expect(await wrongParts({}, now + 301)).toEqual([
      expect.stringMatching(/^webhook-timestamp is 301 s old/),
    ]);
  });
});
