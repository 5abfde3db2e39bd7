import { describe, expect, test } from 'vitest';
import { evolink } from '../../../../functions/adapters/providers/evolink/adapter.ts';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import { ProviderBusy } from '../../../../functions/domain/model/workflow-errors.ts';
import cancelled from '../../../fixtures/evolink/cancelled.json' with { type: 'json' };
import completed from '../../../fixtures/evolink/completed.json' with { type: 'json' };
import created from '../../../fixtures/evolink/created.json' with { type: 'json' };
import failed from '../../../fixtures/evolink/failed.json' with { type: 'json' };
import pending from '../../../fixtures/evolink/pending.json' with { type: 'json' };
import processing from '../../../fixtures/evolink/processing.json' with { type: 'json' };
import queryRejections from '../../../fixtures/evolink/query-rejections.json' with { type: 'json' };
import job from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { baseUrl, type FakeResponse, failure, key, providerWith } from './upstream.ts';

const ticket = created.id;
const evolinkWith = (...responses: FakeResponse[]) => providerWith(evolink, ...responses);
const sentBy = async (more: object) => {
  const { provider, requests } = evolinkWith({ body: created });
  await provider.submit({ ...job, ...more });
  return JSON.parse(`${requests[0]?.init.body}`);
};

test('EvoLink deduplicates, sends webhooks, and cannot cancel a job', () => {
  const { provider } = evolinkWith();

  expect(provider).toMatchObject({ idempotent: true, supportsWebhook: true });
  expect(provider.cancel).toBeUndefined();
});

describe('a submit', () => {
  test('is sent to the documented URL with the documented headers, and no redirect is followed', async () => {
    const { provider, requests } = evolinkWith({ body: created });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      url: `${baseUrl}/v1/images/generations`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(requests[0]?.init.headers).toEqual({
      Authorization: `Bearer ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'Idempotency-Key': `darkroom.${job.taskId}`,
    });
  });

  test('has the same idempotency key at every try, and another one for another task', async () => {
    const keys = async (taskId: string) => {
      const { provider, requests } = evolinkWith({ body: created });
      await provider.submit({ ...job, taskId });
      return new Headers(requests[0]?.init.headers).get('Idempotency-Key');
    };
    const [one, other] = [newTaskId(1_757_156_493_000), newTaskId(1_757_156_493_000)];

    expect(await keys(one)).toBe(await keys(one));
    expect(await keys(one)).not.toBe(await keys(other));
    expect(await keys(one)).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
  });

  test('carries nothing but n when the caller set no option', async () => {
    expect(await sentBy({})).toStrictEqual({
      model: job.model,
      prompt: job.prompt,
      image_urls: job.images,
      n: 1,
    });
  });

  test('carries every option that the caller set', async () => {
    const options = {
      negativePrompt: 'blur',
      size: '1280*720',
      seed: 0,
      promptExtend: false,
      watermark: true,
    };

    expect(await sentBy({ n: 4, options })).toMatchObject({
      n: 4,
      negative_prompt: 'blur',
      size: '1280x720',
      seed: 0,
      prompt_extend: false,
      watermark: true,
    });
  });

  test.each([
    ['an https address', 'https://api.example.com/callbacks/secret', true],
    ['a long address', `https://api.example.com/${'a'.repeat(2048)}`, false],
  ])('carries %s as its webhook URL only if EvoLink accepts it', async (_, callbackUrl, isSent) => {
    expect((await sentBy({ webhookUrl: callbackUrl })).callback_url).toBe(
      isSent ? callbackUrl : undefined,
    );
  });
});

describe('a poll', () => {
  test('requests its ticket, encoded as one segment of the path', async () => {
    const { provider, requests } = evolinkWith({ body: processing });

    await provider.poll('a/../b?c');

    expect(requests[0]).toMatchObject({
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
    await expect(evolinkWith({ body }).provider.poll(ticket)).resolves.toEqual(progress);
  });

  test.each([[completed.results], [completed.results.slice(1)]])(
    'returns the images that were made, all that were requested or fewer',
    async (results) => {
      const body = { ...completed, results };

      await expect(evolinkWith({ body }).provider.poll(ticket)).resolves.toEqual({
        state: 'succeeded',
        images: results.map((url) => ({ url })),
      });
    },
  );

  const isLost = ({ body }: (typeof queryRejections)[number]) =>
    ['invalid_task_id', 'task_not_found'].includes(body.error.code);

  test('the fixtures have errors of both kinds', () => {
    expect(new Set(queryRejections.map(isLost))).toEqual(new Set([true, false]));
  });

  test.each(queryRejections)(
    'with the response $status ends a lost job, and may be repeated otherwise',
    async (response) => {
      const { status, body } = response;
      const progress = evolinkWith({ status, body })
        .provider.poll(ticket)
        .catch((error: unknown) => error);

      expect(await progress).toEqual(
        isLost(response) ? failure('unknown_error') : expect.any(ProviderBusy),
      );
    },
  );

  test.each([
    ['an HTML page of a gateway', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an error that looks like progress', { status: 503, body: processing }],
    ['a response that is not JSON', { body: '<html>' }],
    ['a response without a status', { body: {} }],
    ['an unknown status', { body: { status: 'paused' } }],
    ['no response', new TypeError('fetch failed')],
  ])('that ends with %s may be repeated: the job goes on', async (_, response) => {
    expect(await thrownBy(evolinkWith(response).provider.poll(ticket))).toBeInstanceOf(
      ProviderBusy,
    );
  });
});
