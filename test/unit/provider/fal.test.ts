import { describe, expect, test } from 'vitest';
import { fal } from '../../../functions/provider/fal.ts';
import { ProviderBusy } from '../../../functions/task/failures.ts';
import completed from '../../fixtures/fal/completed.json' with { type: 'json' };
import inVain from '../../fixtures/fal/completed-in-vain.json' with { type: 'json' };
import inProgress from '../../fixtures/fal/in-progress.json' with { type: 'json' };
import inQueue from '../../fixtures/fal/in-queue.json' with { type: 'json' };
import queued from '../../fixtures/fal/queued.json' with { type: 'json' };
import result from '../../fixtures/fal/result.json' with { type: 'json' };
import job from '../../fixtures/job.json' with { type: 'json' };
import { baseUrl, failure, key, type Played, playing, thrownBy } from './upstream.ts';

const ticket = queued.request_id;
const app = `${baseUrl}/fal-ai/wan-25-preview`;
const played = (...answers: Played[]) => playing(fal, ...answers);
const polled = (...answers: Played[]) => played(...answers).provider.poll(ticket);
const sentBy = async (more: object) => {
  const { provider, asked } = played({ body: queued });
  await provider.submit({ ...job, ...more });
  return JSON.parse(`${asked[0]?.init.body}`);
};

test('says that it calls back, signs, and does not know a job again', () => {
  const { provider } = played();

  expect(provider).toMatchObject({ callsBack: true });
  expect(provider.idempotent ?? false).toBe(false);
});

describe('a submit', () => {
  test('asks the documented address with the documented headers, and no redirect is followed', async () => {
    const { provider, asked } = played({ body: queued });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      url: `${app}/image-to-image`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(asked[0]?.init.headers).toEqual({
      Authorization: `Key ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'X-Fal-Request-Timeout': '900',
      'X-Fal-Object-Lifecycle-Preference': '{"expiration_duration_seconds":86400}',
    });
  });

  test('carries a size of its own when nothing else was asked for', async () => {
    expect(await sentBy({})).toStrictEqual({
      prompt: job.prompt,
      image_urls: job.images,
      num_images: 1,
      image_size: { width: 1280, height: 1280 },
    });
  });

  test('carries every option that it has a field for', async () => {
    const options = {
      ...{ negativePrompt: 'blur', size: '1280x720', seed: 0 },
      ...{ promptExtend: false, watermark: true },
    };

    expect(await sentBy({ n: 4, options })).toStrictEqual({
      ...{ prompt: job.prompt, image_urls: job.images, num_images: 4 },
      ...{ image_size: { width: 1280, height: 720 }, negative_prompt: 'blur', seed: 0 },
    });
  });

  test('takes a size with an asterisk as well', async () => {
    expect(await sentBy({ options: { size: '800*1200' } })).toMatchObject({
      image_size: { width: 800, height: 1200 },
    });
  });

  test('tells where to call back in the address', async () => {
    const { provider, asked } = played({ body: queued });
    const callbackUrl = 'https://api.example.com/callbacks/secret?a=1&b=2';

    await provider.submit({ ...job, callbackUrl });

    const { origin, pathname, searchParams } = new URL(asked[0]?.url ?? '');
    expect(origin + pathname).toBe(`${app}/image-to-image`);
    expect([...searchParams]).toEqual([['fal_webhook', callbackUrl]]);
  });

  test('keeps the id and no link out of the answer', async () => {
    const status_url = 'https://elsewhere.example.com/status';
    const { provider, asked } = played({ body: { ...queued, status_url } }, { body: inQueue });

    await provider.poll(await provider.submit(job));

    expect(asked.map(({ url }) => url)).toEqual([
      `${app}/image-to-image`,
      `${app}/requests/${ticket}/status`,
    ]);
  });
});

describe('a poll', () => {
  test('asks for its ticket, as one piece of the address', async () => {
    const { provider, asked } = played({ body: inProgress });

    await provider.poll('a/../b?c');

    expect(asked[0]).toMatchObject({
      url: `${app}/requests/a%2F..%2Fb%3Fc/status`,
      init: { method: 'GET', redirect: 'error', signal: expect.any(AbortSignal) },
    });
  });

  test.each([
    ['IN_QUEUE', inQueue, { state: 'queued' }],
    ['IN_PROGRESS', inProgress, { state: 'running' }],
  ])('of a job that is %s says so with one question', async (_, body, progress) => {
    await expect(polled({ status: 202, body })).resolves.toEqual(progress);
  });

  test('of a job that is COMPLETED asks for its result, and answers all images', async () => {
    const { provider, asked } = played({ body: completed }, { body: result });

    await expect(provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: result.images.map(({ url }) => ({ url })),
    });
    expect(asked[1]?.url).toBe(`${app}/requests/${ticket}`);
  });

  test.each([
    'https://v3.fal.media/files/penguin/a.png',
    'https://fal.media/files/a.png',
    'https://storage.googleapis.com/falserverless/a.png',
    `${baseUrl}/results/a.png`,
  ])('passes %s on', async (url) => {
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
  ])('does not pass on %s, which is none of its hosts', async (url) => {
    const images = [{ url: 'https://fal.media/a.png' }, { url }];

    await expect(polled({ body: completed }, { body: { images } })).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: 'https://fal.media/a.png' }, failure('service_error').failure],
    });
  });

  test.each([[{ images: [] }], [{ images: [{ url: null }] }], [{}]])(
    'of a job that has made nothing says so: %j',
    async (body) => {
      await expect(polled({ body: completed }, { body })).resolves.toEqual(
        failure('generation_failed_no_content'),
      );
    },
  );

  test.each([
    ['the status', [{ status: 404, body: { detail: 'Not found' } }]],
    ['the result', [{ body: completed }, { status: 404, body: { detail: 'Not found' } }]],
    ['the result for good', [{ body: completed }, { status: 410 }]],
  ])('of a job that is gone ends it: %s', async (_, answers) => {
    await expect(polled(...answers)).resolves.toEqual(failure('unknown_error'));
  });

  test.each([
    ['a refused key', { status: 401, body: { detail: 'Authentication is required' } }],
    ['a locked account', { status: 403, body: { detail: 'User is locked.' } }],
    ['too many questions', { status: 429, body: { detail: 'Too many requests' } }],
    ['an error of the other side', { status: 500, body: { detail: 'Internal Server Error' } }],
    ['a gateway without words', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an answer that is no JSON', { body: '<html>' }],
    ['no answer', new TypeError('fetch failed')],
  ])('that meets %s may be repeated, at either question', async (_, answer) => {
    expect(await thrownBy(polled(answer))).toBeInstanceOf(ProviderBusy);
    expect(await thrownBy(polled({ body: completed }, answer))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['an error that looks like progress', { status: 503, body: inProgress }],
    ['an answer without a status', { body: {} }],
    ['a status nobody knows', { body: { status: 'PAUSED' } }],
  ])('that meets %s may be repeated', async (_, answer) => {
    expect(await thrownBy(polled(answer))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['the status alone', { status: 504, body: '' }, 'generation_timeout'],
    [
      'the result, more exactly',
      { status: 422, body: { detail: [{ type: 'content_policy_violation' }] } },
      'content_policy_violation',
    ],
    ['the status, while our key is refused', { status: 401, body: '' }, 'generation_timeout'],
  ])('of a job that failed believes %s', async (_, answer, code) => {
    await expect(polled({ body: inVain }, answer)).resolves.toEqual(failure(code));
  });

  test('of a job that failed in words nobody knows ends it all the same', async () => {
    const status = { ...inVain, error_type: undefined };

    await expect(polled({ body: status }, { status: 500, body: '' })).resolves.toEqual(
      failure('service_error'),
    );
  });
});

describe('a cancel', () => {
  test('asks the documented address', async () => {
    const { provider, asked } = played({ status: 202, body: { status: 'CANCELLATION_REQUESTED' } });

    await expect(provider.cancel?.('a/../b')).resolves.toBe(true);

    expect(asked[0]).toMatchObject({
      url: `${app}/requests/a%2F..%2Fb/cancel`,
      init: { method: 'PUT', redirect: 'error' },
    });
  });

  test.each<[string, Played]>([
    ['400, it is done', { status: 400, body: { status: 'ALREADY_COMPLETED' } }],
    ['404', { status: 404, body: { status: 'NOT_FOUND' } }],
    ['401', { status: 401 }],
    ['500', { status: 500 }],
    ['nothing', new TypeError('fetch failed')],
  ])('is no when the answer is %s', async (_, answer) => {
    expect(await played(answer).provider.cancel?.(ticket)).toBe(false);
  });
});
