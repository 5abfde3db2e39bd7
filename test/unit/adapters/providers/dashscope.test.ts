import { describe, expect, test } from 'vitest';
import { dashscope } from '../../../../functions/adapters/providers/dashscope/adapter.ts';
import { ProviderBusy } from '../../../../functions/domain/model/workflow-errors.ts';
import canceled from '../../../fixtures/dashscope/canceled.json' with { type: 'json' };
import created from '../../../fixtures/dashscope/created.json' with { type: 'json' };
import failed from '../../../fixtures/dashscope/failed.json' with { type: 'json' };
import pending from '../../../fixtures/dashscope/pending.json' with { type: 'json' };
import running from '../../../fixtures/dashscope/running.json' with { type: 'json' };
import succeeded from '../../../fixtures/dashscope/succeeded.json' with { type: 'json' };
import partly from '../../../fixtures/dashscope/succeeded-partly.json' with { type: 'json' };
import unknown from '../../../fixtures/dashscope/unknown.json' with { type: 'json' };
import job from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { baseUrl, dashscopeWith, key } from './upstream.ts';

const ticket = created.output.task_id;

describe('a submit', () => {
  test('is sent to the documented URL with the documented headers, and no redirect is followed', async () => {
    const { provider, requests } = dashscopeWith({ body: created });

    await expect(provider.submit(job)).resolves.toBe(ticket);

    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      url: `${baseUrl}/api/v1/services/aigc/image2image/image-synthesis`,
      init: { method: 'POST', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(requests[0]?.init.headers).toEqual({
      Authorization: `Bearer ${key}`,
      Connection: 'close',
      'Content-Type': 'application/json',
      'X-DashScope-Async': 'enable',
    });
  });

  test.each([
    ['nothing but n when the caller set no option', {}, {}, { n: 1 }],
    [
      'every option that the caller set',
      { negativePrompt: 'blur', size: '1280x720', seed: 0, promptExtend: false, watermark: true },
      { negative_prompt: 'blur' },
      { n: 1, size: '1280*720', seed: 0, prompt_extend: false, watermark: true },
    ],
    ['a size with an asterisk as it is', { size: '1280*720' }, {}, { n: 1, size: '1280*720' }],
  ])('carries %s', async (_, options, input, parameters) => {
    const { provider, requests } = dashscopeWith({ body: created });

    await provider.submit({ ...job, options });

    expect(JSON.parse(`${requests[0]?.init.body}`)).toStrictEqual({
      model: job.model,
      input: { prompt: job.prompt, images: job.images, ...input },
      parameters,
    });
  });

  test.each([2, 3, 4])('requests %i images when the job has that many', async (n) => {
    const { provider, requests } = dashscopeWith({ body: created });

    await provider.submit({ ...job, n });

    expect(JSON.parse(`${requests[0]?.init.body}`)).toMatchObject({ parameters: { n } });
  });

  test.each(['', '/', '/mock', '/mock/'])(
    'goes below the base URL when that ends with "%s"',
    async (end) => {
      const { requests } = await submitTo(`${baseUrl}${end}`);

      const base = `${baseUrl}${end.replace(/\/$/, '')}`;
      expect(requests).toEqual([`${base}/api/v1/services/aigc/image2image/image-synthesis`]);
    },
  );
});

test('a line break at the end of the key is not sent', async () => {
  const { thrown } = await submitTo(baseUrl, async () => `${key}\n`);

  expect(thrown).toBeUndefined();
});

describe('a poll', () => {
  test('requests its ticket, encoded as one segment of the path', async () => {
    const { provider, requests } = dashscopeWith({ body: running });

    await provider.poll('a/../b?c');

    expect(requests[0]).toMatchObject({
      url: `${baseUrl}/api/v1/tasks/a%2F..%2Fb%3Fc`,
      init: { method: 'GET', redirect: 'error', signal: expect.any(AbortSignal) },
    });
    expect(requests[0]?.init.headers).toEqual({
      Authorization: `Bearer ${key}`,
      Connection: 'close',
    });
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
      'FAILED because our account has no money',
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
    await expect(dashscopeWith({ body }).provider.poll(ticket)).resolves.toEqual(progress);
  });

  test('returns all images of a finished job, with https links and unchanged signatures', async () => {
    const [first, second] = succeeded.output.results;

    await expect(dashscopeWith({ body: succeeded }).provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: first?.url.replace('http://', 'https://') }, { url: second?.url }],
    });
  });

  test('returns the images of a job that failed in part, and the reasons of the others', async () => {
    await expect(dashscopeWith({ body: partly }).provider.poll(ticket)).resolves.toEqual({
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
  ])('returns %s as %s', async (url, link) => {
    const body = { output: { task_status: 'SUCCEEDED', results: [{ url }] } };

    await expect(dashscopeWith({ body }).provider.poll(ticket)).resolves.toEqual({
      state: 'succeeded',
      images: [{ url: link }],
    });
  });

  test.each([404, 410])(
    'ends the job when the provider does not know it any more (%i)',
    async (status) => {
      const body = { code: 'NotFound', message: 'The task does not exist.' };
      await expect(dashscopeWith({ status, body }).provider.poll(ticket)).resolves.toEqual(
        failure('unknown_error'),
      );
    },
  );

  test.each([
    ['a rejected API key', { status: 401, body: { code: 'InvalidApiKey' } }],
    ['a denied access', { status: 403, body: { code: 'AccessDenied' } }],
    ['an unpaid bill', { status: 400, body: { code: 'Arrearage' } }],
    ['a rate limit', { status: 429, body: { code: 'Throttling.RateQuota' } }],
    ['an internal error of the provider', { status: 500, body: { code: 'InternalError' } }],
    ['an HTML page of a gateway', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a 404 of a gateway', { status: 404, body: '<html>Not Found</html>' }],
    ['a 410 without a body', { status: 410 }],
    ['a 404 of something else', { status: 404, body: { detail: 'Not Found' } }],
    ['an error that looks like progress', { status: 503, body: running }],
    ['a response that is not JSON', { body: '<html>' }],
    ['a response without a status', { body: { output: {} } }],
    ['an unknown status', { body: { output: { task_status: 'PAUSED' } } }],
    ['no response', new TypeError('fetch failed')],
  ])('that ends with %s may be repeated: the job goes on', async (_, response) => {
    expect(await thrownBy(dashscopeWith(response).provider.poll(ticket))).toBeInstanceOf(
      ProviderBusy,
    );
  });
});

function failure(code: string) {
  return { state: 'failed', failure: { code, message: expect.any(String) } };
}

function statusOnly(status: string) {
  return { output: { task_status: status } };
}

async function submitTo(base: string, apiKey = async () => key) {
  const requests: string[] = [];
  const fetch = async (input: string | URL | Request) => {
    requests.push(`${input}`);
    return Response.json(created);
  };
  const thrown: unknown = await dashscope({ baseUrl: base, apiKey, fetch })
    .submit(job)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { thrown, requests };
}
