import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { fal } from '../../../functions/provider/fal.ts';
import { falSignature } from '../../../functions/provider/fal-signature.ts';
import { ProviderBusy, SubmitUnknown } from '../../../functions/task/failures.ts';
import { adapterWorld, fetched, thrownBy } from './adapter-world.ts';
import { receiver } from './receiver.ts';
import { someLink } from './world.ts';

const path = '/fal-ai/wan-25-preview/image-to-image';
const key = { authorization: 'Key k' };
const knownAt = (url: string) => falSignature({ keysUrl: `${url}/.well-known/jwks.json` });
const order = (more: object = {}) => ({ prompt: 'grey', image_urls: [someLink], ...more });

test('an order waits, is worked on and ends with its pictures', async () => {
  const { submit, provider, clock, ended } = await adapterWorld(fal);
  const ticket = await submit({ n: 2, options: { size: '900x700' } });

  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
  clock.now += 50_000;
  expect(await provider.poll(ticket)).toEqual({ state: 'running' });

  const pictures = await fetched(await ended(ticket));
  expect(pictures).toHaveLength(2);
  expect(await sharp(pictures[0]).metadata()).toMatchObject({ width: 900, height: 700 });
});

test('the answer to an order has the links of its request', async () => {
  const { call, painter } = await adapterWorld(fal);

  const { status, body } = await call('POST', path, order(), key);

  const request = `${painter.url}/fal-ai/wan-25-preview/requests/${body.request_id}`;
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
])('the size %j is painted', async (image_size, width, height) => {
  const { call, ended } = await adapterWorld(fal);
  const { body } = await call('POST', path, order({ image_size }), key);

  const [picture] = await fetched(await ended(body.request_id));

  expect(await sharp(picture).metadata()).toMatchObject({ width, height });
});

describe('a webhook', () => {
  test('is signed, and the signature is known by the published key', async () => {
    const { received, callbackUrl, plain } = await receiver();
    const { submit, ended, painter, clock } = await adapterWorld(fal);
    const signed = knownAt(painter.url);

    const ticket = await submit({ callbackUrl });
    await ended(ticket);

    await expect.poll(() => received).toHaveLength(1);
    const callback = plain(received[0]);
    expect(JSON.parse(callback.body)).toMatchObject({
      ...{ request_id: ticket, gateway_request_id: ticket, status: 'OK', error: null },
      payload: { images: [{ url: expect.any(String), content_type: 'image/png' }] },
    });
    expect(await signed(callback, clock.now)).toBe(true);
    const altered = { ...callback, body: callback.body.replace('OK', 'KO') };
    expect(await signed(altered, clock.now)).toBe(false);
    expect(await signed(callback, clock.now + 301_000)).toBe(false);
  });

  test('is not known by the key of another', async () => {
    const { received, callbackUrl, plain } = await receiver();
    const [sender, stranger] = [await adapterWorld(fal), await adapterWorld(fal)];
    await sender.ended(await sender.submit({ callbackUrl }));
    await expect.poll(() => received).toHaveLength(1);

    const signed = knownAt(stranger.painter.url);

    expect(await signed(plain(received[0]), stranger.clock.now + 100_000)).toBe(false);
  });

  test('comes by itself, also of a failure, and again until it is taken', async () => {
    const { received, callbackUrl, plain } = await receiver(500);
    const { painter, submit } = await adapterWorld(fal, {
      ...{ now: Date.now, seconds: 1, speed: 100 },
    });
    painter.control({ outcome: 'failed', code: 'DataInspectionFailed' });

    await submit({ callbackUrl });

    await expect.poll(() => received).toHaveLength(2);
    const callback = plain(received[1]);
    expect(JSON.parse(callback.body)).toMatchObject({
      status: 'ERROR',
      error: expect.stringContaining('422'),
      payload: { detail: [{ type: 'content_policy_violation' }] },
    });
    expect(await knownAt(painter.url)(callback, Date.now())).toBe(true);
  });
});

describe('a cancel', () => {
  test('of a job that waits ends it for good', async () => {
    const { received, callbackUrl } = await receiver();
    const { submit, provider, ended } = await adapterWorld(fal);
    const ticket = await submit({ callbackUrl });

    expect(await provider.cancel?.(ticket)).toBe(true);

    expect(await ended(ticket)).toMatchObject({ failure: { code: 'request_cancelled' } });
    await expect.poll(() => received).toHaveLength(1);
  });

  test('of a job that runs is heard, and it goes on', async () => {
    const { submit, provider, clock, ended } = await adapterWorld(fal);
    const ticket = await submit();
    clock.now += 50_000;

    expect(await provider.cancel?.(ticket)).toBe(true);
    expect(await ended(ticket)).toMatchObject({ state: 'succeeded' });
  });

  test('comes too late once it is done, and is not for jobs nobody knows', async () => {
    const { submit, provider, ended } = await adapterWorld(fal);
    const ticket = await submit();
    await ended(ticket);

    expect(await provider.cancel?.(ticket)).toBe(false);
    expect(await provider.cancel?.('nobody')).toBe(false);
  });
});

test('an order whose answer was lost is painted, and not asked for again', async () => {
  const { painter, submit, counts } = await adapterWorld(fal);
  painter.control({ submit: 'lost', times: 1 });

  expect(await thrownBy(submit())).toBeInstanceOf(SubmitUnknown);
  expect(await counts()).toMatchObject({ submits: 1, accepted: 1 });
});

test('of a job that was made in part there are fewer images', async () => {
  const { painter, submit, ended } = await adapterWorld(fal);
  painter.control({ outcome: 'partial' });

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
] as const)('a job that is to fail with %s does so in words of its own', async (code, read) => {
  const { painter, submit, ended } = await adapterWorld(fal);
  painter.control({ outcome: 'failed', code });

  expect(await ended(await submit())).toMatchObject({ state: 'failed', failure: { code: read } });
});

test.each([
  [undefined, 'content_policy_violation', false],
  ['InvalidParameter', 'invalid_parameters', false],
  ['InvalidApiKey', 'service_error', true],
  ['Arrearage', 'service_unavailable', true],
  ['ModelNotFound', 'service_unavailable', true],
] as const)('an order that is to be refused with %s is', async (code, read, operatorMustAct) => {
  const { painter, submit } = await adapterWorld(fal);
  painter.control({ submit: 'refused', code });

  expect(await thrownBy(submit())).toMatchObject({ failure: { code: read }, operatorMustAct });
});

test('a busy order and a busy poll may be repeated', async () => {
  const { painter, submit, provider } = await adapterWorld(fal);
  painter.control({ submit: 'busy', poll: 'busy', times: 1 });

  expect(await thrownBy(submit())).toBeInstanceOf(ProviderBusy);
  const ticket = await submit();
  expect(await thrownBy(provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
});

test('a job that never was is lost', async () => {
  const { provider } = await adapterWorld(fal);

  expect(await provider.poll('nobody')).toMatchObject({ failure: { code: 'unknown_error' } });
});

test('there is no result before the end', async () => {
  const { submit, call } = await adapterWorld(fal);
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
  ['a size in one text', { image_size: '1024x1024' }],
  ['a large side', { image_size: { width: 1441, height: 800 } }],
])('%s is refused', async (_, more) => {
  const { call } = await adapterWorld(fal);

  expect(await call('POST', path, order(more), key)).toMatchObject({
    ...{ status: 422, body: { detail: [{ type: 'value_error', msg: expect.any(String) }] } },
  });
});

test.each(['', 'Bearer k', 'Key '])('the key "%s" is refused with 401', async (authorization) => {
  const { call } = await adapterWorld(fal);

  expect(await call('POST', path, order(), { authorization })).toMatchObject({
    ...{ status: 401, body: { detail: expect.any(String) } },
  });
});
