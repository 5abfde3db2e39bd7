import { describe, expect, test } from 'vitest';
import { evolink } from '../../../functions/provider/evolink.ts';
import { ProviderBusy } from '../../../functions/task/failures.ts';
import { newTaskId } from '../../../functions/task/ids.ts';
import cancelled from '../../fixtures/evolink/cancelled.json' with { type: 'json' };
import completed from '../../fixtures/evolink/completed.json' with { type: 'json' };
import created from '../../fixtures/evolink/created.json' with { type: 'json' };
import failed from '../../fixtures/evolink/failed.json' with { type: 'json' };
import pending from '../../fixtures/evolink/pending.json' with { type: 'json' };
import processing from '../../fixtures/evolink/processing.json' with { type: 'json' };
import queryRefusals from '../../fixtures/evolink/query-refusals.json' with { type: 'json' };
import job from '../../fixtures/job.json' with { type: 'json' };
import { baseUrl, failure, key, type Played, playing, thrownBy } from './upstream.ts';

const ticket = created.id;
const played = (...answers: Played[]) => playing(evolink, ...answers);
const sentBy = async (more: object) => {
  const { provider, asked } = played({ body: created });
  await provider.submit({ ...job, ...more });
  return JSON.parse(`${asked[0]?.init.body}`);
};

test('says that it knows a job again, calls back, and cannot be cancelled', () => {
  const { provider } = played();

  expect(provider).toMatchObject({ idempotent: true, callsBack: true });
  expect(provider.cancel).toBeUndefined();
});

describe('a submit', () => {
  test('asks the documented address with the documented headers, and no redirect is followed', async () => {
    const { provider, asked } = played({ body: created });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      url: `${baseUrl}/v1/images/generations`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(asked[0]?.init.headers).toEqual({
      Authorization: `Bearer ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'Idempotency-Key': `darkroom.${job.taskId}`,
    });
  });

  test('bears the same key at every try, and another one for another task', async () => {
    const keys = async (taskId: string) => {
      const { provider, asked } = played({ body: created });
      await provider.submit({ ...job, taskId });
      return new Headers(asked[0]?.init.headers).get('Idempotency-Key');
    };
    const [one, other] = [newTaskId(1_757_156_493_000), newTaskId(1_757_156_493_000)];

    expect(await keys(one)).toBe(await keys(one));
    expect(await keys(one)).not.toBe(await keys(other));
    expect(await keys(one)).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
  });

  test('carries nothing but n when nothing else was asked for', async () => {
    expect(await sentBy({})).toStrictEqual({
      model: 'wan2.5-image-to-image',
      prompt: job.prompt,
      image_urls: job.images,
      n: 1,
    });
  });

  test('carries every option that was given', async () => {
    const options = {
      ...{ negativePrompt: 'blur', size: '1280*720', seed: 0 },
      ...{ promptExtend: false, watermark: true },
    };

    expect(await sentBy({ n: 4, options })).toMatchObject({
      ...{ n: 4, negative_prompt: 'blur', size: '1280x720', seed: 0 },
      ...{ prompt_extend: false, watermark: true },
    });
  });

  test.each([
    ['an https address', 'https://api.example.com/callbacks/secret', true],
    ['an http address', 'http://api.example.com/callbacks/secret', false],
    ['a long address', `https://api.example.com/${'a'.repeat(2048)}`, false],
  ])('%s to call back is sent as far as it is taken', async (_, callbackUrl, isSent) => {
    expect((await sentBy({ callbackUrl })).callback_url).toBe(isSent ? callbackUrl : undefined);
  });

  test('an upstream on this machine may call back without TLS', async () => {
    const asked: RequestInit[] = [];
    const fetch = async (_: unknown, init: RequestInit = {}) => {
      asked.push(init);
      return Response.json(created);
    };
    const callbackUrl = 'http://127.0.0.1:4000/callbacks/secret';

    await evolink({ baseUrl: 'http://127.0.0.1:1', apiKey: async () => key, fetch }).submit({
      ...{ ...job, callbackUrl },
    });

    expect(JSON.parse(`${asked[0]?.body}`)).toMatchObject({ callback_url: callbackUrl });
  });
});

describe('a poll', () => {
  test('asks for its ticket, as one piece of the address', async () => {
    const { provider, asked } = played({ body: processing });

    await provider.poll('a/../b?c');

    expect(asked[0]).toMatchObject({
      url: `${baseUrl}/v1/tasks/a%2F..%2Fb%3Fc`,
      init: { method: 'GET', redirect: 'error', signal: expect.any(AbortSignal) },
    });
  });

  test.each([
    ['pending', pending, { state: 'queued' }],
    ['processing', processing, { state: 'running' }],
    ['failed', failed, failure('content_policy_violation')],
    ['failed without an error', { status: 'failed' }, failure('unknown_error')],
    [
      'failed with a new code',
      { status: 'failed', error: { code: 'new', type: 'task_error' } },
      failure('unknown_error'),
    ],
    [
      'failed with a number for a code',
      { status: 'failed', error: { code: 429, type: 'rate_limit_error' } },
      failure('resource_exhausted'),
    ],
    ['cancelled', cancelled, failure('request_cancelled')],
    [
      'completed with nothing',
      { ...completed, results: [] },
      failure('generation_failed_no_content'),
    ],
    [
      'completed without results',
      { status: 'completed', results: null },
      failure('generation_failed_no_content'),
    ],
  ])('of a job that is %s says so', async (_, body, progress) => {
    await expect(played({ body }).provider.poll(ticket)).resolves.toEqual(progress);
  });

  test.each([[completed.results], [completed.results.slice(1)]])(
    'answers the images that were made, be they as many as were ordered or fewer',
    async (results) => {
      const body = { ...completed, results };

      await expect(played({ body }).provider.poll(ticket)).resolves.toEqual({
        state: 'succeeded',
        images: results.map((url) => ({ url })),
      });
    },
  );

  test.each(queryRefusals)('answered $status says what it can', async ({ status, body }) => {
    const isGone = ['invalid_task_id', 'task_not_found'].includes(body.error.code);
    const progress = played({ status, body })
      .provider.poll(ticket)
      .catch((error: unknown) => error);

    expect(await progress).toEqual(isGone ? failure('unknown_error') : expect.any(ProviderBusy));
  });

  test.each([
    ['a gateway without words', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an error that looks like progress', { status: 503, body: processing }],
    ['an answer that is no JSON', { body: '<html>' }],
    ['an answer without a status', { body: {} }],
    ['a status nobody knows', { body: { status: 'paused' } }],
    ['no answer', new TypeError('fetch failed')],
  ])('that meets %s may be repeated: the job goes on', async (_, answer) => {
    expect(await thrownBy(played(answer).provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  });
});
