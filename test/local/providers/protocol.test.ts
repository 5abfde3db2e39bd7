import { describe, expect, test } from 'vitest';
import { localProvider, pictureHost, redOnBlue, someLink } from './local-provider.ts';

const uuid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

test('an accepted job has an id and is pending', async () => {
  const { submit } = await localProvider();

  expect(await submit()).toEqual({
    status: 200,
    body: { request_id: uuid, output: { task_status: 'PENDING', task_id: uuid } },
  });
});

test('every response has its own request id', async () => {
  const { accepted, poll } = await localProvider();
  const id = await accepted();

  const [one, other] = [await poll(id), await poll(id)];

  expect(one.body.request_id).not.toBe(other.body.request_id);
});

describe('PENDING', () => {
  test('shows the submit time in the vendor’s time zone, and no later times', async () => {
    const { accepted, poll } = await localProvider();
    const id = await accepted({ n: 2 });

    expect(await poll(id)).toEqual({
      status: 200,
      body: {
        request_id: uuid,
        output: {
          task_id: id,
          task_status: 'PENDING',
          submit_time: '2026-03-01 10:00:00.000',
          task_metrics: { TOTAL: 2, SUCCEEDED: 0, FAILED: 0 },
        },
      },
    });
  });

  test('lasts 15% of the duration, in which no input is fetched', async () => {
    const host = await pictureHost({ 'a.jpg': await redOnBlue() });
    const { accepted, poll, clock } = await localProvider();
    const id = await accepted({}, { images: [host.link('a.jpg')] });

    clock.now += 14_999;
    expect((await poll(id)).body.output.task_status).toBe('PENDING');
    expect(host.requested).toEqual([]);

    clock.now += 1;
    expect((await poll(id)).body.output.task_status).toBe('RUNNING');
    await expect.poll(() => host.requested).toEqual(['a.jpg']);
  });
});

test('RUNNING shows the start time', async () => {
  const { accepted, poll, clock } = await localProvider();
  const id = await accepted();

  clock.now += 50_000;

  expect((await poll(id)).body.output).toEqual({
    task_id: id,
    task_status: 'RUNNING',
    submit_time: '2026-03-01 10:00:00.000',
    scheduled_time: '2026-03-01 10:00:15.000',
    task_metrics: { TOTAL: 1, SUCCEEDED: 0, FAILED: 0 },
  });
});

describe('SUCCEEDED', () => {
  test('has a link for every image, the prompts, the count and the times', async () => {
    const { accepted, ended, mockProvider } = await localProvider();
    const id = await accepted({ n: 2 });

    const { output, usage } = await ended(id);

    const url = expect.stringMatching(
      `^${mockProvider.url}/results/${id}/[12].png\\?Expires=\\d{10}&`,
    );
    const item = {
      orig_prompt: 'black and white',
      actual_prompt: expect.stringMatching(/^black and white, ./),
      url,
    };
    expect(output).toEqual({
      task_id: id,
      task_status: 'SUCCEEDED',
      submit_time: '2026-03-01 10:00:00.000',
      scheduled_time: '2026-03-01 10:00:15.000',
      end_time: '2026-03-01 10:01:40.000',
      results: [item, item],
      task_metrics: { TOTAL: 2, SUCCEEDED: 2, FAILED: 0 },
    });
    expect(usage).toEqual({ image_count: 2 });
  });

  test('cuts off a prompt after 2000 characters without an error', async () => {
    const { accepted, call } = await localProvider();

    await accepted({}, { prompt: 'grey '.repeat(500) });

    expect((await call('GET', '/control')).body.jobs[0].prompt).toHaveLength(2000);
  });
});

describe('CANCELED', () => {
  test('is the final status of a pending job that was cancelled', async () => {
    const { accepted, cancel, poll, clock } = await localProvider();
    const id = await accepted();
    clock.now += 5_000;

    expect(await cancel(id)).toEqual({ status: 200, body: { request_id: uuid } });

    clock.now += 100_000;
    expect((await poll(id)).body.output).toEqual({
      task_id: id,
      task_status: 'CANCELED',
      submit_time: '2026-03-01 10:00:00.000',
      end_time: '2026-03-01 10:00:05.000',
      task_metrics: { TOTAL: 1, SUCCEEDED: 0, FAILED: 0 },
    });
  });

  test('is impossible for a running job', async () => {
    const { accepted, cancel, poll, clock } = await localProvider();
    const id = await accepted();
    clock.now += 15_000;

    expect(await cancel(id)).toMatchObject({
      status: 400,
      body: { code: 'UnsupportedOperation', message: expect.stringContaining('PENDING') },
    });
    expect((await poll(id)).body.output.task_status).toBe('RUNNING');
  });

  test('is impossible for an unknown job', async () => {
    const { cancel } = await localProvider();

    expect(await cancel('nobody')).toMatchObject({ status: 400 });
  });
});

describe('UNKNOWN', () => {
  test('is the status of a job that does not exist, in a response with 200', async () => {
    const { poll } = await localProvider();

    expect(await poll('nobody')).toEqual({
      status: 200,
      body: { request_id: uuid, output: { task_id: 'nobody', task_status: 'UNKNOWN' } },
    });
  });

  test('is the status of a job that ended 24 hours ago', async () => {
    const { mockProvider, accepted, poll, ended, clock } = await localProvider();
    mockProvider.control({ outcome: 'failed' });
    const id = await accepted();
    await ended(id);

    clock.now += 24 * 3_600_000 - 1;
    expect((await poll(id)).body.output.task_status).toBe('FAILED');

    clock.now += 1;
    expect((await poll(id)).body.output.task_status).toBe('UNKNOWN');
  });
});

test('speed divides the duration of a job', async () => {
  const { accepted, poll, clock } = await localProvider({ speed: 20 });
  const id = await accepted();

  clock.now += 749;
  expect((await poll(id)).body.output.task_status).toBe('PENDING');
  clock.now += 1;
  expect((await poll(id)).body.output.task_status).toBe('RUNNING');
});

test('with the real clock a job starts without a query', async () => {
  const host = await pictureHost({ 'a.jpg': await redOnBlue() });
  const { accepted } = await localProvider({ now: Date.now, seconds: 0.01 });

  await accepted({}, { images: [host.link('a.jpg')] });

  await expect.poll(() => host.requested).toEqual(['a.jpg']);
});

test('a missing input picture fails the job', async () => {
  const host = await pictureHost({});
  const { accepted, ended } = await localProvider();
  const id = await accepted({}, { images: [someLink, host.link('a.jpg')] });

  const { output, usage } = await ended(id);

  expect(output).toMatchObject({
    task_status: 'FAILED',
    code: 'InvalidParameter.DataInspection',
    message: expect.stringContaining('download'),
    task_metrics: { TOTAL: 1, SUCCEEDED: 0, FAILED: 1 },
  });
  expect(usage).toBeUndefined();
});

test('other addresses do not exist', async () => {
  const { call } = await localProvider();

  expect(await call('GET', '/api/v1/nothing')).toMatchObject({ status: 404 });
  expect(await call('PUT', '/control')).toMatchObject({ status: 404 });
});
