import { describe, expect, test } from 'vitest';
import { dashscope } from '../../../functions/provider/dashscope.ts';
import { ProviderBusy } from '../../../functions/task/failures.ts';
import canceled from '../../fixtures/dashscope/canceled.json' with { type: 'json' };
import created from '../../fixtures/dashscope/created.json' with { type: 'json' };
import failed from '../../fixtures/dashscope/failed.json' with { type: 'json' };
import pending from '../../fixtures/dashscope/pending.json' with { type: 'json' };
import running from '../../fixtures/dashscope/running.json' with { type: 'json' };
import succeeded from '../../fixtures/dashscope/succeeded.json' with { type: 'json' };
import partly from '../../fixtures/dashscope/succeeded-partly.json' with { type: 'json' };
import unknown from '../../fixtures/dashscope/unknown.json' with { type: 'json' };
import job from '../../fixtures/job.json' with { type: 'json' };
import { baseUrl, key, thrownBy, upstream } from './upstream.ts';

const ticket = created.output.task_id;

describe('a submit', () => {
  test('asks the documented address with the documented headers, and no redirect is followed', async () => {
    const { provider, asked } = upstream({ body: created });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      url: `${baseUrl}/api/v1/services/aigc/image2image/image-synthesis`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(asked[0]?.init.headers).toEqual({
      Authorization: `Bearer ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'X-DashScope-Async': 'enable',
    });
  });

  test.each([
    ['nothing but n when nothing else was asked for', {}, {}, { n: 1 }],
    [
      'every option that was given',
      { negativePrompt: 'blur', size: '1280x720', seed: 0, promptExtend: false, watermark: true },
      { negative_prompt: 'blur' },
      { n: 1, size: '1280*720', seed: 0, prompt_extend: false, watermark: true },
    ],
    ['a size with an asterisk as it is', { size: '1280*720' }, {}, { n: 1, size: '1280*720' }],
  ])('carries %s', async (_, options, input, parameters) => {
    const { provider, asked } = upstream({ body: created });

    await provider.submit({ ...job, options });

    expect(JSON.parse(`${asked[0]?.init.body}`)).toStrictEqual({
      model: 'wan2.5-i2i-preview',
      input: { prompt: job.prompt, images: job.images, ...input },
      parameters,
    });
  });

  test.each([2, 3, 4])('asks for the %i images that were ordered', async (n) => {
    const { provider, asked } = upstream({ body: created });

    await provider.submit({ ...job, n });

    expect(JSON.parse(`${asked[0]?.init.body}`)).toMatchObject({ parameters: { n } });
  });

  test('takes a base address with or without the API path', async () => {
    const { asked } = await submitTo('https://dashscope.example.com/api/v1');

    expect(asked).toEqual([`${baseUrl}/api/v1/services/aigc/image2image/image-synthesis`]);
  });
});

test('the key loses the line break a file gave it', async () => {
  const { thrown } = await submitTo(baseUrl, async () => `${key}\n`);

  expect(thrown).toBeUndefined();
});

describe('a poll', () => {
  test('asks for its ticket, as one piece of the address', async () => {
    const { provider, asked } = upstream({ body: running });

    await provider.poll('a/../b?c');

    expect(asked[0]).toMatchObject({
      url: `${baseUrl}/api/v1/tasks/a%2F..%2Fb%3Fc`,
      init: { method: 'GET', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(asked[0]?.init.headers).toEqual({ Authorization: `Bearer ${key}`, Connection: 'close' });
  });

  test.each([
    ['PENDING', pending, { state: 'queued' }],
    ['RUNNING', running, { state: 'running' }],
    ['FAILED', failed, failure('image_processing_error')],
    ['FAILED without a code', statusOnly('FAILED'), failure('unknown_error')],
    [
      'FAILED with a new code',
      { output: { task_status: 'FAILED', code: 'New' } },
      failure('unknown_error'),
    ],
    [
      'FAILED for want of money',
      { output: { task_status: 'FAILED', code: 'Arrearage' } },
      failure('quota_exceeded'),
    ],
    ['CANCELED', canceled, failure('request_cancelled')],
    ['UNKNOWN', unknown, failure('unknown_error')],
    ['SUCCEEDED with nothing', statusOnly('SUCCEEDED'), failure('generation_failed_no_content')],
    [
      'SUCCEEDED with nothing but failures',
      { output: { task_status: 'SUCCEEDED', results: [{ code: 'DataInspectionFailed' }] } },
      failure('content_policy_violation'),
    ],
  ])('of a job that is %s says so', async (_, body, progress) => {
    await expect(upstream({ body }).provider.poll(ticket)).resolves.toEqual(progress);
  });

  test('answers all images of a finished job, over TLS and with their signatures untouched', async () => {
    const [first, second] = succeeded.output.results;

    await expect(upstream({ body: succeeded }).provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: first?.url.replace('http://', 'https://') }, { url: second?.url }],
    });
  });

  test('keeps what was made of a job that failed in part, and says why the rest was not', async () => {
    await expect(upstream({ body: partly }).provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: [
        { code: 'content_policy_violation', message: expect.any(String) },
        { url: expect.stringMatching(/^https:.*%2Bb7h9Qx%2FzK4%3D$/) },
        { code: 'generation_timeout', message: expect.any(String) },
      ],
    });
  });

  test.each([
    ['http://a.oss-cn-hangzhou.aliyuncs.com', 'https://a.oss-cn-hangzhou.aliyuncs.com'],
    ['http://127.0.0.1:4000/a.png', 'http://127.0.0.1:4000/a.png'],
    ['http://a.aliyuncs.com:8080/a.png', 'http://a.aliyuncs.com:8080/a.png'],
    ['http://a.aliyuncs.com.example.com/a.png', 'http://a.aliyuncs.com.example.com/a.png'],
    ['http://example.com/?a.aliyuncs.com/', 'http://example.com/?a.aliyuncs.com/'],
  ])('passes %s on as %s', async (url, link) => {
    const body = { output: { task_status: 'SUCCEEDED', results: [{ url }] } };

    await expect(upstream({ body }).provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: link }],
    });
  });

  test.each([404, 410])('of a job that is gone (%i) ends it', async (status) => {
    await expect(upstream({ status }).provider.poll(ticket)).resolves.toEqual(
      failure('unknown_error'),
    );
  });

  test.each([
    ['a refused key', { status: 401, body: { code: 'InvalidApiKey' } }],
    ['a refused access', { status: 403, body: { code: 'AccessDenied' } }],
    ['an unpaid bill', { status: 400, body: { code: 'Arrearage' } }],
    ['too many questions', { status: 429, body: { code: 'Throttling.RateQuota' } }],
    ['an error of the other side', { status: 500, body: { code: 'InternalError' } }],
    ['a gateway without words', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['an error that looks like progress', { status: 503, body: running }],
    ['an answer that is no JSON', { body: '<html>' }],
    ['an answer without a status', { body: { output: {} } }],
    ['a status nobody knows', { body: { output: { task_status: 'PAUSED' } } }],
    ['no answer', new TypeError('fetch failed')],
  ])('that meets %s may be repeated: the job goes on', async (_, played) => {
    expect(await thrownBy(upstream(played).provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  });
});

function failure(code: string) {
  return { state: 'failed', failure: { code, message: expect.any(String) } };
}

function statusOnly(status: string) {
  return { output: { task_status: status } };
}

async function submitTo(base: string, apiKey = async () => key) {
  const asked: string[] = [];
  const fetch = async (input: string | URL | Request) => {
    asked.push(`${input}`);
    return Response.json(created);
  };
  const thrown: unknown = await dashscope({ baseUrl: base, apiKey, fetch })
    .submit(job)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { thrown, asked };
}
