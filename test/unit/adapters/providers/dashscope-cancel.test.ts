import { expect, test } from 'vitest';
import { dashscope } from '../../../../functions/adapters/providers/dashscope/adapter.ts';
import type { CancelResult } from '../../../../functions/domain/model/provider.ts';
import { ProviderBusy } from '../../../../functions/domain/model/workflow-errors.ts';
import { baseUrl, dashscopeWith, key } from './upstream.ts';

test('a cancel is sent to the documented URL with the key, and no redirect is followed', async () => {
  const { provider, requests } = dashscopeWith({ body: { request_id: 'r-1' } });

  await provider.cancel?.('a ticket/../of theirs');

  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    url: `${baseUrl}/api/v1/tasks/a%20ticket%2F..%2Fof%20theirs/cancel`,
    init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
  });
  expect(requests[0]?.init.headers).toEqual({
    Authorization: `Bearer ${key}`,
    Connection: 'close',
  });
});

const response = (status: number, code: string) => ({
  status,
  body: { code, message: 'Failed to cancel the task', request_id: 'r-1' },
});

test.each<[string, Parameters<typeof dashscopeWith>[0], CancelResult]>([
  ['200', { body: { request_id: 'r-1' } }, 'cancelled'],
  ['200 and no JSON', { body: 'OK' }, 'cancelled'],
  ['400, because the job has begun', response(400, 'UnsupportedOperation'), 'refused'],
  ['401', response(401, 'InvalidApiKey'), 'unknown'],
  ['404', response(404, 'InvalidParameter'), 'refused'],
  ['429', response(429, 'Throttling.RateQuota'), 'unknown'],
  ['500', response(500, 'InternalError'), 'unknown'],
  ['nothing', new TypeError('fetch failed'), 'unknown'],
  ['nothing in time', new DOMException('timed out', 'TimeoutError'), 'unknown'],
])(
  'a job is cancelled only by a success response: the response is %s',
  async (_, response, answer) => {
    expect(await dashscopeWith(response).provider.cancel?.('a-ticket')).toBe(answer);
  },
);

test('a cancel without an API key sends nothing and has no answer', async () => {
  const fetch = () => Promise.reject(new Error('must not be called'));
  const apiKey = () => Promise.reject(new ProviderBusy('the secret cannot be read'));

  expect(await dashscope({ baseUrl, apiKey, fetch }).cancel?.('a-ticket')).toBe('unknown');
});
