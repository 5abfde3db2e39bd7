import { describe, expect, test } from 'vitest';
import { protocols } from '../../../local/providers/protocols.ts';
import { localProvider } from './local-provider.ts';

const initial = { seconds: 100, submit: 'ok', poll: 'ok', outcome: 'succeeded' };

const measured = { capacity: expect.any(Object), usage: expect.any(Object) };

test('GET shows the settings, the counts, the providers and the jobs', async () => {
  const { accepted, poll, cancel, call, clock } = await localProvider();
  const id = await accepted({ n: 3 });
  await poll(id);
  await cancel(id);

  expect(await call('GET', '/control')).toEqual({
    status: 200,
    body: {
      settings: initial,
      counts: { submits: 1, accepted: 1, polls: 1, cancels: 1 },
      providers: Object.fromEntries(Object.keys(protocols).map((name) => [name, measured])),
      jobs: [
        {
          task_id: id,
          status: 'CANCELED',
          n: 3,
          images: 1,
          prompt: 'black and white',
          submitted_at: clock.now,
          finished_at: null,
        },
      ],
    },
  });
});

test('settings that a change does not contain stay as they are', async () => {
  const { call } = await localProvider();
  await call('POST', '/control', { submit: 'busy', times: 2 });

  const { body } = await call('POST', '/control', { seconds: 3 });

  expect(body.settings).toEqual({ ...initial, seconds: 3, submit: 'busy', times: 2 });
});

test('DELETE restores the initial settings and sets the counts to zero', async () => {
  const { call, submit } = await localProvider();
  await call('POST', '/control', { submit: 'busy', seconds: 1, code: 'Arrearage' });
  await submit();

  const { body } = await call('DELETE', '/control');

  expect(body.settings).toEqual(initial);
  expect(body.counts).toEqual({ submits: 0, accepted: 0, polls: 0, cancels: 0 });
});

test.each([
  [{ colour: 'red' }, 'colour'],
  [{ submit: 'sulky' }, 'submit'],
  [{ poll: 'lost' }, 'poll'],
  [{ outcome: 'ok' }, 'outcome'],
  [{ code: 'Nonsense' }, 'code: must be one of'],
  [{ times: 0 }, 'times'],
  [{ seconds: -1 }, 'seconds'],
  [{ durations: [] }, 'durations'],
  [[], 'expected object'],
])('%j is rejected and changes nothing', async (change, reason) => {
  const { call } = await localProvider();

  expect(await call('POST', '/control', change)).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(reason) },
  });
  expect((await call('GET', '/control')).body.settings).toEqual(initial);
});

test('settings can be changed without HTTP', async () => {
  const { mockProvider, submit } = await localProvider();

  mockProvider.control({ submit: 'busy' });

  expect(await submit()).toMatchObject({ status: 429 });
});

test('each of the next jobs takes its duration from the list, and later jobs take the default', async () => {
  const { mockProvider, accepted, submit, poll, call, clock } = await localProvider();
  mockProvider.control({ durations: [20, 40] });
  const first = await accepted();
  mockProvider.control({ submit: 'busy', times: 1 });
  await submit();
  expect((await call('GET', '/control')).body.settings).toMatchObject({ durations: [40] });
  const jobs = [first, await accepted(), await accepted()];

  const begun = [];
  for (const elapsed of [4, 7, 16]) {
    clock.now = Date.parse('2026-03-01T02:00:00Z') + elapsed * 1000;
    const responses = await Promise.all(jobs.map((id) => poll(id)));
    begun.push(responses.filter(({ body }) => body.output.task_status === 'RUNNING').length);
  }

  expect(begun).toEqual([1, 2, 3]);
  expect((await call('GET', '/control')).body.settings).toEqual(initial);
});

describe('submit', () => {
  test('busy responds with 429 the given number of times, and accepts nothing', async () => {
    const { mockProvider, submit, call } = await localProvider();
    mockProvider.control({ submit: 'busy', times: 2 });

    const statuses = [await submit(), await submit(), await submit()].map(({ status }) => status);

    expect(statuses).toEqual([429, 429, 200]);
    expect((await call('GET', '/control')).body).toMatchObject({
      counts: { submits: 3, accepted: 1 },
      settings: initial,
    });
  });

  test.each([
    [undefined, 400, 'DataInspectionFailed'],
    ['Arrearage', 400, 'Arrearage'],
    ['AllocationQuota.FreeTierOnly', 403, 'AllocationQuota.FreeTierOnly'],
    ['PostpaidBillOverdue', 429, 'PostpaidBillOverdue'],
    ['ModelUnavailable', 503, 'ModelUnavailable'],
  ] as const)('refused with %s responds with %i', async (code, status, vendorCode) => {
    const { mockProvider, submit } = await localProvider();
    mockProvider.control({ submit: 'refused', code });

    expect(await submit()).toMatchObject({
      status,
      body: { code: vendorCode, message: expect.any(String) },
    });
  });

  test('lost accepts the job and sends no response', async () => {
    const { mockProvider, submit, call } = await localProvider();
    mockProvider.control({ submit: 'lost', times: 1 });

    await expect(submit()).rejects.toThrow('fetch failed');

    const { body } = await call('GET', '/control');
    expect(body.counts).toMatchObject({ submits: 1, accepted: 1 });
    expect(body.jobs).toMatchObject([{ status: 'PENDING' }]);
  });
});

test('a busy poll is a 429, and the job goes on', async () => {
  const { mockProvider, accepted, poll } = await localProvider();
  const id = await accepted();
  mockProvider.control({ poll: 'busy', times: 1 });

  expect(await poll(id)).toMatchObject({ status: 429, body: { code: 'Throttling.RateQuota' } });
  expect(await poll(id)).toMatchObject({ status: 200 });
});

describe('outcome', () => {
  test('failed ends the job with its code, and only the next one', async () => {
    const { mockProvider, accepted, ended } = await localProvider();
    mockProvider.control({ outcome: 'failed', code: 'IPInfringementSuspect', times: 1 });
    const [doomed, spared] = [await accepted({ n: 2 }), await accepted()];

    const { output, usage } = await ended(doomed);

    expect(output).toEqual({
      task_id: doomed,
      task_status: 'FAILED',
      submit_time: '2026-03-01 10:00:00.000',
      scheduled_time: '2026-03-01 10:00:15.000',
      end_time: '2026-03-01 10:01:40.000',
      code: 'IPInfringementSuspect',
      message: expect.any(String),
      task_metrics: { TOTAL: 2, SUCCEEDED: 0, FAILED: 2 },
    });
    expect(usage).toBeUndefined();
    expect((await ended(spared)).output.task_status).toBe('SUCCEEDED');
  });

  test('failed without a code uses the vendor’s internal error', async () => {
    const { mockProvider, accepted, ended } = await localProvider();
    mockProvider.control({ outcome: 'failed' });

    expect((await ended(await accepted())).output.code).toBe('InternalError.Algo');
  });

  test('partial generates all images but the first', async () => {
    const { mockProvider, accepted, ended } = await localProvider();
    mockProvider.control({ outcome: 'partial' });

    const { output, usage } = await ended(await accepted({ n: 2 }));

    expect(output).toMatchObject({
      task_status: 'SUCCEEDED',
      results: [
        { code: 'InternalError.Timeout', message: expect.any(String) },
        { url: expect.stringContaining('/2.png?') },
      ],
      task_metrics: { TOTAL: 2, SUCCEEDED: 1, FAILED: 1 },
    });
    expect(usage).toEqual({ image_count: 1 });
  });

  test('partial fails a job with a single image', async () => {
    const { mockProvider, accepted, ended } = await localProvider();
    mockProvider.control({ outcome: 'partial' });

    expect((await ended(await accepted())).output).toMatchObject({
      task_status: 'FAILED',
      code: 'InternalError.Timeout',
    });
  });

  test('is used up only by accepted jobs, not by rejected submits', async () => {
    const { mockProvider, submit, accepted, ended } = await localProvider();
    mockProvider.control({ submit: 'busy', outcome: 'failed', times: 1 });
    await submit();

    expect((await ended(await accepted())).output.task_status).toBe('FAILED');
  });
});
