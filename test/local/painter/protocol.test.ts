import { describe, expect, test } from 'vitest';
import { pictureHost, redOnBlue, someLink, world } from './world.ts';

const uuid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

test('an accepted job has an id and waits', async () => {
  const { submit } = await world();

  expect(await submit()).toEqual({
    status: 200,
    body: { request_id: uuid, output: { task_status: 'PENDING', task_id: uuid } },
  });
});

test('every answer has a request id of its own', async () => {
  const { accepted, poll } = await world();
  const id = await accepted();

  const [one, other] = [await poll(id), await poll(id)];

  expect(one.body.request_id).not.toBe(other.body.request_id);
});

describe('PENDING', () => {
  test('shows when the job came, in the vendor’s hour, and nothing that has not happened', async () => {
    const { accepted, poll } = await world();
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

  test('lasts 15% of the time, in which no input is fetched', async () => {
    const host = await pictureHost({ 'a.jpg': await redOnBlue() });
    const { accepted, poll, clock } = await world();
    const id = await accepted({}, { images: [host.link('a.jpg')] });

    clock.now += 14_999;
    expect((await poll(id)).body.output.task_status).toBe('PENDING');
    expect(host.asked).toEqual([]);

    clock.now += 1;
    expect((await poll(id)).body.output.task_status).toBe('RUNNING');
    await expect.poll(() => host.asked).toEqual(['a.jpg']);
  });
});

test('RUNNING shows when painting began', async () => {
  const { accepted, poll, clock } = await world();
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
  test('has a link for every picture, the prompts, the count and the times', async () => {
    const { accepted, ended, painter } = await world();
    const id = await accepted({ n: 2 });

    const { output, usage } = await ended(id);

    const url = expect.stringMatching(`^${painter.url}/results/${id}/[12].png\\?Expires=\\d{10}&`);
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

  test('cuts a long prompt off at 2000 characters and says nothing', async () => {
    const { accepted, call } = await world();

    await accepted({}, { prompt: 'grey '.repeat(500) });

    expect((await call('GET', '/control')).body.jobs[0].prompt).toHaveLength(2000);
  });
});

describe('CANCELED', () => {
  test('is what becomes of a waiting job when it is cancelled, for good', async () => {
    const { accepted, cancel, poll, clock } = await world();
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

  test('comes too late once the job is running', async () => {
    const { accepted, cancel, poll, clock } = await world();
    const id = await accepted();
    clock.now += 15_000;

    expect(await cancel(id)).toMatchObject({
      status: 400,
      body: { code: 'UnsupportedOperation', message: expect.stringContaining('PENDING') },
    });
    expect((await poll(id)).body.output.task_status).toBe('RUNNING');
  });

  test('is not for jobs nobody knows', async () => {
    const { cancel } = await world();

    expect(await cancel('nobody')).toMatchObject({ status: 400 });
  });
});

describe('UNKNOWN', () => {
  test('is a job that never was, with status 200', async () => {
    const { poll } = await world();

    expect(await poll('nobody')).toEqual({
      status: 200,
      body: { request_id: uuid, output: { task_id: 'nobody', task_status: 'UNKNOWN' } },
    });
  });

  test('is a job that ended 24 hours ago', async () => {
    const { painter, accepted, poll, ended, clock } = await world();
    painter.control({ outcome: 'failed' });
    const id = await accepted();
    await ended(id);

    clock.now += 24 * 3_600_000 - 1;
    expect((await poll(id)).body.output.task_status).toBe('FAILED');

    clock.now += 1;
    expect((await poll(id)).body.output.task_status).toBe('UNKNOWN');
  });
});

test('speed divides the time a job takes', async () => {
  const { accepted, poll, clock } = await world({ speed: 20 });
  const id = await accepted();

  clock.now += 749;
  expect((await poll(id)).body.output.task_status).toBe('PENDING');
  clock.now += 1;
  expect((await poll(id)).body.output.task_status).toBe('RUNNING');
});

test('by the real clock a job is begun without being looked at', async () => {
  const host = await pictureHost({ 'a.jpg': await redOnBlue() });
  const { accepted } = await world({ now: Date.now, seconds: 0.01 });

  await accepted({}, { images: [host.link('a.jpg')] });

  await expect.poll(() => host.asked).toEqual(['a.jpg']);
});

test('an input that is not there fails the job by itself', async () => {
  const host = await pictureHost({});
  const { accepted, ended } = await world();
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
  const { call } = await world();

  expect(await call('GET', '/api/v1/nothing')).toMatchObject({ status: 404 });
  expect(await call('PUT', '/control')).toMatchObject({ status: 404 });
});
