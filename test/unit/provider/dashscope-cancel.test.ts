import { expect, test } from 'vitest';
import { dashscope } from '../../../functions/provider/dashscope.ts';
import { ProviderBusy } from '../../../functions/task/failures.ts';
import { baseUrl, key, upstream } from './upstream.ts';

test('asks the documented address, with the key and no redirect followed', async () => {
  const { provider, asked } = upstream({ body: { request_id: 'r-1' } });

  await provider.cancel?.('a ticket/../of theirs');

  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    url: `${baseUrl}/api/v1/tasks/a%20ticket%2F..%2Fof%20theirs/cancel`,
    init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
  });
  expect(asked[0]?.init.headers).toEqual({ Authorization: `Bearer ${key}`, Connection: 'close' });
});

const answer = (status: number, code: string) => ({
  ...{ status, body: { code, message: 'Failed to cancel the task', request_id: 'r-1' } },
});

test.each<[string, Parameters<typeof upstream>[0], boolean]>([
  ['200', { body: { request_id: 'r-1' } }, true],
  ['200 and no JSON', { body: 'OK' }, true],
  ['400, because the job has begun', answer(400, 'UnsupportedOperation'), false],
  ['401', answer(401, 'InvalidApiKey'), false],
  ['404', answer(404, 'InvalidParameter'), false],
  ['429', answer(429, 'Throttling.RateQuota'), false],
  ['500', answer(500, 'InternalError'), false],
  ['nothing', new TypeError('fetch failed'), false],
  ['nothing in time', new DOMException('timed out', 'TimeoutError'), false],
])(
  'a job is called back only by a clear yes: the answer is %s',
  async (_, played, isCalledBack) => {
    expect(await upstream(played).provider.cancel?.('a-ticket')).toBe(isCalledBack);
  },
);

test('nothing waits for it when there is no key to ask with', async () => {
  const fetch = () => Promise.reject(new Error('must not be asked'));
  const apiKey = () => Promise.reject(new ProviderBusy('the secret cannot be read'));

  expect(await dashscope({ baseUrl, apiKey, fetch }).cancel?.('a-ticket')).toBe(false);
});
