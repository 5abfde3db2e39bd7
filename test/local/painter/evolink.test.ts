import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { evolink } from '../../../functions/provider/evolink.ts';
import { ProviderBusy, SubmitUnknown } from '../../../functions/task/failures.ts';
import { adapterWorld, fetched, thrownBy } from './adapter-world.ts';
import { receiver } from './receiver.ts';
import { someLink } from './world.ts';

const path = '/v1/images/generations';
const order = (more: object = {}) => ({
  ...{ model: 'wan2.5-image-to-image', prompt: 'grey', image_urls: [someLink], ...more },
});

test('an order waits, is worked on and ends with its pictures', async () => {
  const { submit, provider, clock, ended } = await adapterWorld(evolink);
  const ticket = await submit({ n: 2, options: { size: '900x700' } });

  expect(ticket).toMatch(/^task-unified-1772330400-[a-z0-9]{8}$/);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
  clock.now += 50_000;
  expect(await provider.poll(ticket)).toEqual({ state: 'running' });

  const pictures = await fetched(await ended(ticket));
  expect(pictures).toHaveLength(2);
  expect(await sharp(pictures[0]).metadata()).toMatchObject({ width: 900, height: 700 });
});

test('the answer to an order is the documented one', async () => {
  const { call } = await adapterWorld(evolink);

  expect(await call('POST', path, order())).toEqual({
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

describe('an order with a key', () => {
  test('that was accepted is answered again, and painted once', async () => {
    const { submit, counts, call } = await adapterWorld(evolink);
    const key = { 'idempotency-key': 'a-key-of-mine-123' };

    expect(await submit()).toBe(await submit());
    expect(await counts()).toMatchObject({ submits: 2, accepted: 1 });
    expect((await call('POST', path, order(), key)).body).toEqual(
      (await call('POST', path, order(), key)).body,
    );
  });

  test('tells a replay from a first answer', async () => {
    const { painter } = await adapterWorld(evolink);
    const ask = () =>
      fetch(new URL(path, painter.url), {
        method: 'POST',
        headers: { authorization: 'Bearer k', 'idempotency-key': 'a-key-of-mine-123' },
        body: JSON.stringify(order()),
      });

    expect((await ask()).headers.get('idempotency-replayed')).toBeNull();
    expect((await ask()).headers.get('idempotency-replayed')).toBe('true');
  });

  test('whose answer was lost can be asked for again', async () => {
    const { painter, submit, counts, provider } = await adapterWorld(evolink);
    painter.control({ submit: 'lost', times: 1 });

    expect(await thrownBy(submit())).toBeInstanceOf(SubmitUnknown);
    const ticket = await submit();

    expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
    expect(await counts()).toMatchObject({ submits: 2, accepted: 1 });
  });

  test('cannot be used for another order', async () => {
    const { submit, counts } = await adapterWorld(evolink);
    await submit();

    expect(await thrownBy(submit({ prompt: 'another' }))).toMatchObject({
      name: SubmitUnknown.code,
      message: expect.stringContaining('409 idempotency_conflict'),
    });
    expect(await counts()).toMatchObject({ accepted: 1 });
  });

  test('that was refused is not remembered', async () => {
    const { painter, submit } = await adapterWorld(evolink);
    painter.control({ submit: 'busy', times: 1 });

    expect(await thrownBy(submit())).toBeInstanceOf(ProviderBusy);
    await expect(submit()).resolves.toEqual(expect.any(String));
  });
});

describe('a callback', () => {
  test('says what the task query says, once the job is over', async () => {
    const { received, callbackUrl } = await receiver();
    const { submit, ended, call } = await adapterWorld(evolink);
    const ticket = await submit({ callbackUrl });
    expect(received).toEqual([]);

    await ended(ticket);

    await expect.poll(() => received).toHaveLength(1);
    const { body } = await call('GET', `/v1/tasks/${ticket}`);
    expect(JSON.parse(received[0]?.body ?? '')).toEqual(body);
    expect(body).toMatchObject({ status: 'completed', results: [expect.any(String)] });
  });

  test('comes by itself, also of a failure, and again until it is taken', async () => {
    const { received, callbackUrl } = await receiver(500, 302);
    const { painter, submit } = await adapterWorld(evolink, {
      ...{ now: Date.now, seconds: 1, speed: 100 },
    });
    painter.control({ outcome: 'failed', code: 'DataInspectionFailed' });

    await submit({ callbackUrl });

    await expect.poll(() => received).toHaveLength(3);
    expect(JSON.parse(received[2]?.body ?? '')).toMatchObject({
      status: 'failed',
      error: { code: 'content_policy_violation', type: 'task_error' },
    });
  });
});

test('of a job that was made in part there are fewer results', async () => {
  const { painter, submit, ended } = await adapterWorld(evolink);
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
  ['Throttling', 'resource_exhausted'],
  ['Arrearage', 'quota_exceeded'],
  ['ModelUnavailable', 'service_unavailable'],
] as const)('a job that is to fail with %s does so in words of its own', async (code, read) => {
  const { painter, submit, ended } = await adapterWorld(evolink);
  painter.control({ outcome: 'failed', code });

  expect(await ended(await submit())).toMatchObject({ state: 'failed', failure: { code: read } });
});

test.each([
  [undefined, 'content_policy_violation', false],
  ['InvalidParameter', 'invalid_parameters', false],
  ['InvalidApiKey', 'service_error', true],
  ['Arrearage', 'quota_exceeded', true],
  ['Model.AccessDenied', 'service_unavailable', true],
] as const)('an order that is to be refused with %s is', async (code, read, operatorMustAct) => {
  const { painter, submit } = await adapterWorld(evolink);
  painter.control({ submit: 'refused', code });

  expect(await thrownBy(submit())).toMatchObject({ failure: { code: read }, operatorMustAct });
});

test.each([
  ['InternalError', SubmitUnknown],
  ['ModelUnavailable', ProviderBusy],
] as const)('an order refused with %s is none for good', async (code, kind) => {
  const { painter, submit } = await adapterWorld(evolink);
  painter.control({ submit: 'refused', code });

  expect(await thrownBy(submit())).toBeInstanceOf(kind);
});

test('a busy poll may be repeated', async () => {
  const { painter, submit, provider } = await adapterWorld(evolink);
  const ticket = await submit();
  painter.control({ poll: 'busy', times: 1 });

  expect(await thrownBy(provider.poll(ticket))).toBeInstanceOf(ProviderBusy);
  expect(await provider.poll(ticket)).toEqual({ state: 'queued' });
});

test.each(['task-unified-1757156493-imcg5zqt', 'another'])(
  'a job that never was is lost: %s',
  async (ticket) => {
    const { provider } = await adapterWorld(evolink);

    expect(await provider.poll(ticket)).toMatchObject({
      ...{ state: 'failed', failure: { code: 'unknown_error' } },
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
])('%s is refused', async (_, more, status, code) => {
  const { call } = await adapterWorld(evolink);

  expect(await call('POST', path, order(more))).toMatchObject({
    ...{ status, body: { error: { code, message: expect.any(String) } } },
  });
});

test.each([
  ['no key', { authorization: '' }, 401, 'unauthorized'],
  ['an idempotency key that is none', { 'idempotency-key': 'short' }, 400, 'invalid_request'],
])('%s is refused as well', async (_, headers, status, code) => {
  const { call } = await adapterWorld(evolink);

  expect(await call('POST', path, order(), headers)).toMatchObject({
    ...{ status, body: { error: { code } } },
  });
});
