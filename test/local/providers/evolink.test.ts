import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ProviderBusy, SubmitUnknown } from '../../../functions/domain/model/workflow-errors.ts';
import { adapterWithProvider, fetched, thrownBy } from './adapter-with-provider.ts';
import { callbackReceiver } from './callback-receiver.ts';
import { someLink } from './local-provider.ts';

const path = '/v1/images/generations';
const createRequest = (more: object = {}) => ({
  model: 'wan2.5-image-to-image',
  prompt: 'grey',
  image_urls: [someLink],
  ...more,
});

test('a submitted job is queued, runs and ends with its images', async () => {
  const { submit, provider, clock, ended } = await adapterWithProvider('evolink');
  const ticket = await submit({ n: 2, options: { size: '900x700' } });

  expect(ticket).toMatch(/^task-unified-1772330400-[a-z0-9]{8}$/);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
  clock.now += 50_000;
  expect(await provider.poll(ticket)).toEqual({ state: 'running' });

  const pictures = await fetched(await ended(ticket));
  expect(pictures).toHaveLength(2);
  expect(await sharp(pictures[0]).metadata()).toMatchObject({ width: 900, height: 700 });
});

test('the response to a submit has the documented form', async () => {
  const { call } = await adapterWithProvider('evolink');

  expect(await call('POST', path, createRequest())).toEqual({
    status: 200,
    body: {
      created: 1_772_330_400,
      id: expect.stringMatching(/^task-unified-/),
      model: 'wan2.5-image-to-image',
      object: 'image.generation.task',
      progress: 0,
      status: 'pending',
      task_info: { can_cancel: true, estimated_time: 100 },
      type: 'image',
      usage: { billing_rule: 'per_call', credits_reserved: 1.2, user_group: 'default' },
    },
  });
});

describe('a submit with an idempotency key', () => {
  test('that is repeated gets the same response, and the images are generated once', async () => {
    const { submit, counts, call } = await adapterWithProvider('evolink');
    const key = { 'idempotency-key': 'a-key-of-mine-123' };

    expect(await submit()).toBe(await submit());
    expect(await counts()).toMatchObject({ submits: 2, accepted: 1 });
    expect((await call('POST', path, createRequest(), key)).body).toEqual(
      (await call('POST', path, createRequest(), key)).body,
    );
  });

  test('has a header on a replayed response that the first response does not have', async () => {
    const { mockProvider } = await adapterWithProvider('evolink');
    const submitOnce = () =>
      fetch(new URL(path, mockProvider.url), {
        method: 'POST',
        headers: { authorization: 'Bearer k', 'idempotency-key': 'a-key-of-mine-123' },
        body: JSON.stringify(createRequest()),
      });

    expect((await submitOnce()).headers.get('idempotency-replayed')).toBeNull();
    expect((await submitOnce()).headers.get('idempotency-replayed')).toBe('true');
  });

  test('can be repeated when its response was lost', async () => {
    const { mockProvider, submit, counts, provider } = await adapterWithProvider('evolink');
    mockProvider.control({ submit: 'lost', times: 1 });

    expect(await thrownBy(submit())).toBeInstanceOf(SubmitUnknown);
    const ticket = await submit();

    expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
    expect(await counts()).toMatchObject({ submits: 2, accepted: 1 });
  });

  test('is rejected when the key was used for a different request', async () => {
    const { submit, counts } = await adapterWithProvider('evolink');
    await submit();

    expect(await thrownBy(submit({ prompt: 'another' }))).toMatchObject({
      name: SubmitUnknown.code,
      message: expect.stringContaining('409 idempotency_conflict'),
    });
    expect(await counts()).toMatchObject({ accepted: 1 });
  });

  test('is not stored when the submit was rejected', async () => {
    const { mockProvider, submit } = await adapterWithProvider('evolink');
    mockProvider.control({ submit: 'busy', times: 1 });

    expect(await thrownBy(submit())).toBeInstanceOf(ProviderBusy);
    await expect(submit()).resolves.toEqual(expect.any(String));
  });
});

describe('a callback', () => {
  test('has the same body as the task query, and is sent when the job has ended', async () => {
    const { received, callbackUrl } = await callbackReceiver();
    const { submit, ended, call } = await adapterWithProvider('evolink');
    const ticket = await submit({ webhookUrl: callbackUrl });
    expect(received).toEqual([]);

    await ended(ticket);

    await expect.poll(() => received).toHaveLength(1);
    const { body } = await call('GET', `/v1/tasks/${ticket}`);
    expect(JSON.parse(received[0]?.body ?? '')).toEqual(body);
    expect(body).toMatchObject({ status: 'completed', results: [expect.any(String)] });
  });

  test('is sent without a query, also for a failed job, and is retried until it is accepted', async () => {
    const { received, callbackUrl } = await callbackReceiver(500, 302);
    const { mockProvider, submit } = await adapterWithProvider('evolink', {
      now: Date.now,
      seconds: 1,
      speed: 100,
    });
    mockProvider.control({ outcome: 'failed', code: 'DataInspectionFailed' });

    await submit({ webhookUrl: callbackUrl });

    await expect.poll(() => received).toHaveLength(3);
    expect(JSON.parse(received[2]?.body ?? '')).toMatchObject({
      status: 'failed',
      error: { code: 'content_policy_violation', type: 'task_error' },
    });
  });
});

test('a partly successful job has fewer results', async () => {
  const { mockProvider, submit, ended } = await adapterWithProvider('evolink');
  mockProvider.control({ outcome: 'partial' });

  expect(await ended(await submit({ n: 2 }))).toEqual({
    state: 'succeeded',
    images: [{ url: expect.stringContaining('/2.png?') }],
  });
});

test.each([
  [undefined, 'service_error'],
  ['DataInspectionFailed', 'content_policy_violation'],
  ['InvalidParameter.DataInspection', 'image_processing_error'],
  ['InvalidParameter', 'invalid_parameters'],
  ['InternalError.Timeout', 'generation_timeout'],
  ['Throttling', 'resource_exhausted'],
  ['Arrearage', 'quota_exceeded'],
  ['ModelUnavailable', 'service_unavailable'],
] as const)('a job that fails with %s has EvoLink’s own code', async (code, expected) => {
  const { mockProvider, submit, ended } = await adapterWithProvider('evolink');
  mockProvider.control({ outcome: 'failed', code });

  expect(await ended(await submit())).toMatchObject({
    state: 'failed',
    failure: { code: expected },
  });
});

test.each([
  [undefined, 'content_policy_violation', false],
  ['InvalidParameter', 'invalid_parameters', false],
  ['InvalidApiKey', 'service_error', true],
  ['Arrearage', 'quota_exceeded', true],
  ['Model.AccessDenied', 'service_unavailable', true],
] as const)(
  'a submit that is rejected with %s has EvoLink’s own code',
  async (code, expected, operatorMustAct) => {
    const { mockProvider, submit } = await adapterWithProvider('evolink');
    mockProvider.control({ submit: 'refused', code });

    expect(await thrownBy(submit())).toMatchObject({
      failure: { code: expected },
      operatorMustAct,
    });
  },
);

test.each([
  ['InternalError', SubmitUnknown],
  ['ModelUnavailable', ProviderBusy],
] as const)('a submit rejected with %s may be retried', async (code, kind) => {
  const { mockProvider, submit } = await adapterWithProvider('evolink');
  mockProvider.control({ submit: 'refused', code });

  expect(await thrownBy(submit())).toBeInstanceOf(kind);
});

test('a busy poll may be repeated', async () => {
  const { mockProvider, submit, provider } = await adapterWithProvider('evolink');
  const ticket = await submit();
  mockProvider.control({ poll: 'busy', times: 1 });

  expect(await thrownBy(provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
});

test.each(['task-unified-1757156493-imcg5zqt', 'another'])(
  'a job that does not exist fails the task: %s',
  async (ticket) => {
    const { provider } = await adapterWithProvider('evolink');

    expect(await provider.poll(ticket)).toMatchObject({
      state: 'failed',
      failure: { code: 'unknown_error' },
    });
  },
);

test.each([
  ['another model', { model: 'wan9' }, 403, 'model_access_denied'],
  ['no prompt', { prompt: undefined }, 400, 'invalid_request'],
  ['a long prompt', { prompt: 'a'.repeat(2001) }, 400, 'invalid_request'],
  ['no image', { image_urls: undefined }, 400, 'invalid_request'],
  ['three images', { image_urls: Array(3).fill(someLink) }, 400, 'invalid_request'],
  ['n 5', { n: 5 }, 400, 'invalid_request'],
  ['a size with an asterisk', { size: '1024*1024' }, 400, 'invalid_request'],
])('a submit with %s is rejected', async (_, more, status, code) => {
  const { call } = await adapterWithProvider('evolink');

  expect(await call('POST', path, createRequest(more))).toMatchObject({
    status,
    body: { error: { code, message: expect.any(String) } },
  });
});

test.each([
  ['no key', { authorization: '' }, 401, 'unauthorized'],
  ['an invalid idempotency key', { 'idempotency-key': 'short' }, 400, 'invalid_request'],
])('a submit with %s in its headers is rejected', async (_, headers, status, code) => {
  const { call } = await adapterWithProvider('evolink');

  expect(await call('POST', path, createRequest(), headers)).toMatchObject({
    status,
    body: { error: { code } },
  });
});
