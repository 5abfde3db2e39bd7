import { describe, expect, test } from 'vitest';
import { fal } from '../../../../functions/adapters/providers/fal/adapter.ts';
import type { CancelResult } from '../../../../functions/domain/model/provider.ts';
import { ProviderBusy } from '../../../../functions/domain/model/workflow-errors.ts';
import completed from '../../../fixtures/fal/completed.json' with { type: 'json' };
import inVain from '../../../fixtures/fal/completed-with-error.json' with { type: 'json' };
import inProgress from '../../../fixtures/fal/in-progress.json' with { type: 'json' };
import inQueue from '../../../fixtures/fal/in-queue.json' with { type: 'json' };
import queued from '../../../fixtures/fal/queued.json' with { type: 'json' };
import result from '../../../fixtures/fal/result.json' with { type: 'json' };
import plainJob from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { baseUrl, type FakeResponse, failure, key, providerWith } from './upstream.ts';

const job = { ...plainJob, model: 'fal-ai/wan-25-preview/image-to-image' };
const ticket = queued.request_id;
const app = `${baseUrl}/fal-ai/wan-25-preview`;
const falWith = (...responses: FakeResponse[]) => providerWith(fal, ...responses);
const polled = (...responses: FakeResponse[]) => falWith(...responses).provider.poll(ticket);
const sentBy = async (more: object) => {
  const { provider, requests } = falWith({ body: queued });
  await provider.submit({ ...job, ...more });
  return JSON.parse(`${requests[0]?.init.body}`);
};

test('fal sends webhooks and does not deduplicate', () => {
  const { provider } = falWith();

  expect(provider).toMatchObject({ supportsWebhook: true });
  expect(provider.idempotent ?? false).toBe(false);
});

describe('a submit', () => {
  test('is sent to the documented URL with the documented headers, and no redirect is followed', async () => {
    const { provider, requests } = falWith({ body: queued });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      url: `${app}/image-to-image`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(requests[0]?.init.headers).toEqual({
      Authorization: `Key ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'X-Fal-Request-Timeout': '900',
      'X-Fal-Object-Lifecycle-Preference': '{"expiration_duration_seconds":86400}',
    });
  });

  test('carries our default size when the caller set none', async () => {
    expect(await sentBy({})).toStrictEqual({
      prompt: job.prompt,
      image_urls: job.images,
      num_images: 1,
      image_size: { width: 1280, height: 1280 },
    });
  });

  test('carries every option that fal has a field for', async () => {
    const options = {
      negativePrompt: 'blur',
      size: '1280x720',
      seed: 0,
      promptExtend: false,
      watermark: true,
    };

    expect(await sentBy({ n: 4, options })).toStrictEqual({
      prompt: job.prompt,
      image_urls: job.images,
      num_images: 4,
      image_size: { width: 1280, height: 720 },
      negative_prompt: 'blur',
      seed: 0,
    });
  });

  test('accepts a size with an asterisk, too', async () => {
    expect(await sentBy({ options: { size: '800*1200' } })).toMatchObject({
      image_size: { width: 800, height: 1200 },
    });
  });

  test('carries the webhook URL in its query', async () => {
    const { provider, requests } = falWith({ body: queued });
    const callbackUrl = 'https://api.example.com/callbacks/secret?a=1&b=2';

    await provider.submit({ ...job, webhookUrl: callbackUrl });

    const { origin, pathname, searchParams } = new URL(requests[0]?.url ?? '');
    expect(origin + pathname).toBe(`${app}/image-to-image`);
    expect([...searchParams]).toEqual([['fal_webhook', callbackUrl]]);
  });

  test('uses the id of the response, and no link of it', async () => {
    const status_url = 'https://elsewhere.example.com/status';
    const { provider, requests } = falWith({ body: { ...queued, status_url } }, { body: inQueue });

    await provider.poll(await provider.submit(job));

    expect(requests.map(({ url }) => url)).toEqual([
      `${app}/image-to-image`,
      `${app}/requests/${ticket}/status`,
    ]);
  });
});

test('a request of another app is addressed by that app', async () => {
  const { provider, requests } = falWith({ body: queued }, { body: inQueue }, { body: {} });

  const other = await provider.submit({ ...job, model: 'fal-ai/wan-3/edit/fast' });
  await provider.poll(other);
  await provider.cancel?.(other);

  expect(requests.map(({ url }) => url)).toEqual([
    `${baseUrl}/fal-ai/wan-3/edit/fast`,
    `${baseUrl}/fal-ai/wan-3/requests/${ticket}/status`,
    `${baseUrl}/fal-ai/wan-3/requests/${ticket}/cancel`,
  ]);
});

describe('a poll', () => {
  test('requests its ticket, encoded as one segment of the path', async () => {
    const { provider, requests } = falWith({ body: inProgress });

    await provider.poll('a/../b?c');

    expect(requests[0]).toMatchObject({
      url: `${app}/requests/a%2F..%2Fb%3Fc/status`,
      init: { method: 'GET', redirect: 'error', signal: expect.any(AbortSignal) },
    });
  });

  test.each([
    ['IN_QUEUE', inQueue, { state: 'queued' }],
    ['IN_PROGRESS', inProgress, { state: 'running' }],
  ])('of a job that is %s says so after one request', async (_, body, progress) => {
    await expect(polled({ status: 202, body })).resolves.toEqual(progress);
  });

  test('of a job that is COMPLETED fetches its result and returns all images', async () => {
    const { provider, requests } = falWith({ body: completed }, { body: result });

    await expect(provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: result.images.map(({ url }) => ({ url })),
    });
    expect(requests[1]?.url).toBe(`${app}/requests/${ticket}`);
  });

  test.each([
    'https://v3.fal.media/files/penguin/a.png',
    'https://fal.media/files/a.png',
    'https://storage.googleapis.com/falserverless/a.png',
    `${baseUrl}/results/a.png`,
  ])('returns %s', async (url) => {
    await expect(polled({ body: completed }, { body: { images: [{ url }] } })).resolves.toEqual({
      state: 'succeeded',
      images: [{ url }],
    });
  });

  test.each([
    'http://v3.fal.media/a.png',
    'https://fal.media.example.com/a.png',
    'https://evilfal.media/a.png',
    'https://fal.media@example.com/a.png',
    'https://storage.googleapis.com/another/a.png',
    'https://169.254.169.254/latest/meta-data',
    `${baseUrl}.example.com/a.png`,
    'data:image/png;base64,AAAA',
  ])('does not return %s, whose host is not one of fal', async (url) => {
    const images = [{ url: 'https://fal.media/a.png' }, { url }];

    await expect(polled({ body: completed }, { body: { images } })).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: 'https://fal.media/a.png' }, failure('service_error').failure],
    });
  });

  test.each([[{ images: [] }], [{ images: [{ url: null }] }], [{}]])(
    'fails the job when the result has no images: %j',
    async (body) => {
      await expect(polled({ body: completed }, { body })).resolves.toEqual(
        failure('generation_failed_no_content'),
      );
    },
  );

  test.each([
    ['the status', [{ status: 404, body: { detail: 'Not found' } }]],
    ['the result', [{ body: completed }, { status: 404, body: { detail: 'Not found' } }]],
    ['the result, with 410', [{ body: completed }, { status: 410, body: { detail: 'Gone' } }]],
  ])('ends the job when the provider does not know it any more: %s', async (_, responses) => {
    await expect(polled(...responses)).resolves.toEqual(failure('unknown_error'));
  });

  test.each([
    ['a rejected API key', { status: 401, body: { detail: 'Authentication is required' } }],
    ['a locked account', { status: 403, body: { detail: 'User is locked.' } }],
    ['a rate limit', { status: 429, body: { detail: 'Too many requests' } }],
    [
      'an internal error of the provider',
      { status: 500, body: { detail: 'Internal Server Error' } },
    ],
    ['an HTML page of a gateway', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a 404 of a gateway', { status: 404, body: '<html>Not Found</html>' }],
    ['a 410 without a body', { status: 410 }],
    ['a response that is not JSON', { body: '<html>' }],
    ['no response', new TypeError('fetch failed')],
  ])('that ends with %s may be repeated, at either of its requests', async (_, response) => {
    expect(await thrownBy(polled(response))).toBeInstanceOf(ProviderBusy);
    expect(await thrownBy(polled({ body: completed }, response))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['an error that looks like progress', { status: 503, body: inProgress }],
    ['a response without a status', { body: {} }],
    ['an unknown status', { body: { status: 'PAUSED' } }],
  ])('that ends with %s may be repeated', async (_, response) => {
    expect(await thrownBy(polled(response))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['the status alone', { status: 504, body: '' }, 'generation_timeout'],
    [
      'the result, which is more exact',
      { status: 422, body: { detail: [{ type: 'content_policy_violation' }] } },
      'content_policy_violation',
    ],
    [
      'the status, when the result is denied to our key',
      { status: 401, body: '' },
      'generation_timeout',
    ],
  ])('of a job that failed takes the reason from %s', async (_, response, code) => {
    await expect(polled({ body: inVain }, response)).resolves.toEqual(failure(code));
  });

  test('ends a job that failed for an unknown reason', async () => {
    const status = { ...inVain, error_type: undefined };

    await expect(polled({ body: status }, { status: 500, body: '' })).resolves.toEqual(
      failure('service_error'),
    );
  });
});

describe('a cancel', () => {
  test('is sent to the documented URL', async () => {
    const { provider, requests } = falWith({
      status: 202,
      body: { status: 'CANCELLATION_REQUESTED' },
    });

    await expect(provider.cancel?.('a/../b')).resolves.toBe('requested'); // which confirms nothing

    expect(requests[0]).toMatchObject({
      url: `${app}/requests/a%2F..%2Fb/cancel`,
      init: { method: 'PUT', redirect: 'error' },
    });
  });

  test.each<[string, FakeResponse, CancelResult]>([
    [
      '400 because the job is completed',
      { status: 400, body: { status: 'ALREADY_COMPLETED' } },
      'refused',
    ],
    ['404', { status: 404, body: { status: 'NOT_FOUND' } }, 'refused'],
    ['401', { status: 401 }, 'unknown'],
    ['500', { status: 500 }, 'unknown'],
    ['missing', new TypeError('fetch failed'), 'unknown'],
  ])('does not count as done when the response is %s', async (_, response, answer) => {
    expect(await falWith(response).provider.cancel?.(ticket)).toBe(answer);
  });
});
