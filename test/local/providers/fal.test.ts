import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { webhookVerifier } from '../../../functions/adapters/providers/fal/webhook-signature.ts';
import { ProviderBusy, SubmitUnknown } from '../../../functions/domain/model/workflow-errors.ts';
import { adapterWithProvider, fetched, thrownBy } from './adapter-with-provider.ts';
import { callbackReceiver } from './callback-receiver.ts';
import { someLink } from './local-provider.ts';

const path = '/fal-ai/wan-25-preview/image-to-image';
const key = { authorization: 'Key k' };
const verifierAt = (url: string, now: () => number) =>
  webhookVerifier({ keysUrl: `${url}/.well-known/jwks.json`, now });
const createRequest = (more: object = {}) => ({ prompt: 'grey', image_urls: [someLink], ...more });

test('a submitted job is queued, runs and ends with its images', async () => {
  const { submit, provider, clock, ended } = await adapterWithProvider('fal');
  const ticket = await submit({ n: 2, options: { size: '900x700' } });

  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
  clock.now += 50_000;
  expect(await provider.poll(ticket)).toEqual({ state: 'running' });

  const pictures = await fetched(await ended(ticket));
  expect(pictures).toHaveLength(2);
  expect(await sharp(pictures[0]).metadata()).toMatchObject({ width: 900, height: 700 });
});

test('the response to a submit has the links of the request', async () => {
  const { call, mockProvider } = await adapterWithProvider('fal');

  const { status, body } = await call('POST', path, createRequest(), key);

  const request = `${mockProvider.url}/fal-ai/wan-25-preview/requests/${body.request_id}`;
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      status: 'IN_QUEUE',
      request_id: expect.stringMatching(/^[\da-f-]{36}$/),
      response_url: request,
      status_url: `${request}/status`,
      cancel_url: `${request}/cancel`,
      queue_position: 0,
    },
  });
});

test.each([
  [undefined, 512, 512],
  ['landscape_16_9', 1024, 576],
  [{ width: 384, height: 1440 }, 384, 1440],
])('the size %j is the size of the image', async (image_size, width, height) => {
  const { call, ended } = await adapterWithProvider('fal');
  const { body } = await call('POST', path, createRequest({ image_size }), key);

  const [picture] = await fetched(await ended(body.request_id));

  expect(await sharp(picture).metadata()).toMatchObject({ width, height });
});

describe('a webhook', () => {
  test('is signed, and the signature can be verified with the published key', async () => {
    const { received, callbackUrl, plain } = await callbackReceiver();
    const { submit, ended, mockProvider, clock } = await adapterWithProvider('fal');
    const verify = verifierAt(mockProvider.url, () => clock.now);

    const ticket = await submit({ webhookUrl: callbackUrl });
    await ended(ticket);

    await expect.poll(() => received).toHaveLength(1);
    const callback = plain(received[0]);
    expect(JSON.parse(callback.body)).toMatchObject({
      request_id: ticket,
      gateway_request_id: ticket,
      status: 'OK',
      error: null,
      payload: { images: [{ url: expect.any(String), content_type: 'image/png' }] },
    });
    expect(await verify(callback)).toBe(true);
    const altered = { ...callback, body: callback.body.replace('OK', 'KO') };
    expect(await verify(altered)).toBe(false);
    clock.now += 301_000;
    expect(await verify(callback)).toBe(false);
  });

  test('cannot be verified with another server’s key', async () => {
    const { received, callbackUrl, plain } = await callbackReceiver();
    const [sender, otherServer] = [
      await adapterWithProvider('fal'),
      await adapterWithProvider('fal'),
    ];
    await sender.ended(await sender.submit({ webhookUrl: callbackUrl }));
    await expect.poll(() => received).toHaveLength(1);

    const verify = verifierAt(otherServer.mockProvider.url, () => otherServer.clock.now + 100_000);

    expect(await verify(plain(received[0]))).toBe(false);
  });

  test('is sent without a query, also for a failed job, and is retried until it is accepted', async () => {
    const { received, callbackUrl, plain } = await callbackReceiver(500);
    const { mockProvider, submit } = await adapterWithProvider('fal', {
      now: Date.now,
      seconds: 1,
      speed: 100,
    });
    mockProvider.control({ outcome: 'failed', code: 'DataInspectionFailed' });

    await submit({ webhookUrl: callbackUrl });

    await expect.poll(() => received).toHaveLength(2);
    const callback = plain(received[1]);
    expect(JSON.parse(callback.body)).toMatchObject({
      status: 'ERROR',
      error: expect.stringContaining('422'),
      payload: { detail: [{ type: 'content_policy_violation' }] },
    });
    expect(await verifierAt(mockProvider.url, Date.now)(callback)).toBe(true);
  });
});

describe('a cancel', () => {
  test('ends a queued job', async () => {
    const { received, callbackUrl } = await callbackReceiver();
    const { submit, provider, ended } = await adapterWithProvider('fal');
    const ticket = await submit({ webhookUrl: callbackUrl });

    expect(await provider.cancel?.(ticket)).toBe('requested');

    expect(await ended(ticket)).toMatchObject({ failure: { code: 'request_cancelled' } });
    await expect.poll(() => received).toHaveLength(1);
  });

  test('of a running job is accepted, and the job goes on', async () => {
    const { submit, provider, clock, ended } = await adapterWithProvider('fal');
    const ticket = await submit();
    clock.now += 50_000;

    expect(await provider.cancel?.(ticket)).toBe('requested');
    expect(await ended(ticket)).toMatchObject({ state: 'succeeded' });
  });

  test('is rejected for a finished job and for an unknown one', async () => {
    const { submit, provider, ended } = await adapterWithProvider('fal');
    const ticket = await submit();
    await ended(ticket);

    expect(await provider.cancel?.(ticket)).toBe('refused');
    expect(await provider.cancel?.('nobody')).toBe('refused');
  });
});

test('a submit whose response was lost is accepted, and the adapter does not repeat it', async () => {
  const { mockProvider, submit, counts } = await adapterWithProvider('fal');
  mockProvider.control({ submit: 'lost', times: 1 });

  expect(await thrownBy(submit())).toBeInstanceOf(SubmitUnknown);
  expect(await counts()).toMatchObject({ submits: 1, accepted: 1 });
});

test('a partly successful job has fewer images', async () => {
  const { mockProvider, submit, ended } = await adapterWithProvider('fal');
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
  ['ModelUnavailable', 'service_unavailable'],
] as const)('a job that fails with %s has fal’s own error', async (code, expected) => {
  const { mockProvider, submit, ended } = await adapterWithProvider('fal');
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
  ['Arrearage', 'service_unavailable', true],
  ['ModelNotFound', 'service_unavailable', true],
] as const)(
  'a submit that is rejected with %s has fal’s own error',
  async (code, expected, operatorMustAct) => {
    const { mockProvider, submit } = await adapterWithProvider('fal');
    mockProvider.control({ submit: 'refused', code });

    expect(await thrownBy(submit())).toMatchObject({
      failure: { code: expected },
      operatorMustAct,
    });
  },
);

test('a busy submit and a busy poll may be repeated', async () => {
  const { mockProvider, submit, provider } = await adapterWithProvider('fal');
  mockProvider.control({ submit: 'busy', poll: 'busy', times: 1 });

  expect(await thrownBy(submit())).toBeInstanceOf(ProviderBusy);
  const ticket = await submit();
  expect(await thrownBy(provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
});

test('a job that does not exist fails the task', async () => {
  const { provider } = await adapterWithProvider('fal');

  expect(await provider.poll('nobody')).toMatchObject({ failure: { code: 'unknown_error' } });
});

test('the result is not available before the job has ended', async () => {
  const { submit, call } = await adapterWithProvider('fal');
  const ticket = await submit();

  expect(
    await call('GET', `/fal-ai/wan-25-preview/requests/${ticket}`, undefined, key),
  ).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
});

test.each([
  ['no prompt', { prompt: undefined }],
  ['a long prompt', { prompt: 'a'.repeat(2001) }],
  ['no image', { image_urls: [] }],
  ['five images', { num_images: 5 }],
  ['a size as a single text', { image_size: '1024x1024' }],
  ['a large side', { image_size: { width: 1441, height: 800 } }],
])('a submit with %s is rejected', async (_, more) => {
  const { call } = await adapterWithProvider('fal');

  expect(await call('POST', path, createRequest(more), key)).toMatchObject({
    status: 422,
    body: { detail: [{ type: 'value_error', msg: expect.any(String) }] },
  });
});

test.each(['', 'Bearer k', 'Key '])('the key "%s" is rejected with 401', async (authorization) => {
  const { call } = await adapterWithProvider('fal');

  expect(await call('POST', path, createRequest(), { authorization })).toMatchObject({
    status: 401,
    body: { detail: expect.any(String) },
  });
});
