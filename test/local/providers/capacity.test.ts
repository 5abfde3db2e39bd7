import { describe, expect, test } from 'vitest';
import type { MockProviderOptions } from '../../../local/providers/server.ts';
import { localProvider, redOnBlue, someLink } from './local-provider.ts';

const png = await redOnBlue(384, 'png');
const evolinkRequest = { model: 'wan2.5-image-to-image', prompt: 'x', image_urls: [someLink] };
const falRequest = { prompt: 'x', image_urls: [someLink] };

/** Jobs take 100 seconds of a clock that the test moves; their images are ready at once. */
async function limited(
  capacity: MockProviderOptions['capacity'] = {},
  options: MockProviderOptions = {},
) {
  const local = await localProvider({ capacity, generateImages: async () => [png], ...options });
  const { call, clock, poll, mockProvider } = local;
  const statusOf = async (id: string) => (await poll(id)).body.output.task_status;
  return {
    ...local,
    /** Lets time pass in steps. Waits for the images after each step, so that they are ready when a job ends. */
    async pass(seconds: number) {
      for (let passed = 0; passed < seconds; passed += 5) {
        clock.now += 5000;
        await call('GET', '/control');
        await mockProvider.generated();
      }
    },
    statusesOf: (ids: readonly string[]) => Promise.all(ids.map(statusOf)),
    usage: async () => (await call('GET', '/control')).body.providers.dashscope.usage,
    submitEvolink: () => call('POST', '/v1/images/generations', evolinkRequest),
    submitFal: (query = '') =>
      call('POST', `/fal-ai/wan-25-preview/image-to-image${query}`, falRequest, {
        authorization: 'Key k',
      }),
  };
}

test('there are no limits unless they are set', async () => {
  const { call } = await limited();

  const { body } = await call('GET', '/control');

  const none = { running: null, queued: null, submitsPerSecond: null, queriesPerSecond: null };
  for (const name of ['dashscope', 'evolink', 'fal']) {
    expect(body.providers[name].capacity).toEqual(none);
  }
});

describe('jobs above the number that run at once', () => {
  test('wait as PENDING in the order of their submits, and begin when one ends', async () => {
    const { accepted, statusesOf, pass } = await limited({ dashscope: { running: 2 } });
    const ids = [await accepted(), await accepted(), await accepted(), await accepted()];

    await pass(15);
    expect(await statusesOf(ids)).toEqual(['RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
    await pass(85);
    expect(await statusesOf(ids)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'PENDING', 'PENDING']);
    await pass(15);
    expect(await statusesOf(ids)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'RUNNING', 'RUNNING']);
    await pass(85);
    expect(await statusesOf(ids)).toEqual(Array(4).fill('SUCCEEDED'));
  });

  test('can be cancelled, which gives the turn to the next one', async () => {
    const { accepted, cancel, statusesOf, pass } = await limited({ dashscope: { running: 1 } });
    const ids = [await accepted(), await accepted(), await accepted()];
    await pass(50);
    await cancel(ids[1] ?? '');

    await pass(65);

    expect(await statusesOf(ids)).toEqual(['SUCCEEDED', 'CANCELED', 'RUNNING']);
  });

  test('do not hold up the jobs of another provider', async () => {
    const { submitEvolink, accepted, pass, call, statusesOf } = await limited({
      evolink: { running: 0 },
    });
    const { body } = await submitEvolink();
    const id = await accepted();

    await pass(20);

    expect(await statusesOf([id])).toEqual(['RUNNING']);
    expect((await call('GET', `/v1/tasks/${body.id}`)).body).toMatchObject({ status: 'pending' });
  });

  test('have their place in fal’s queue', async () => {
    const { submitFal } = await limited({ fal: 'fal-new-account' });

    const positions = [];
    for (const _ of [1, 2, 3, 4]) positions.push((await submitFal()).body.queue_position);

    expect(positions).toEqual([0, 0, 0, 1]);
  });

  test('begin when the limit is raised', async () => {
    const { mockProvider, accepted, pass, statusesOf } = await limited({
      dashscope: { running: 1 },
    });
    const ids = [await accepted(), await accepted()];
    await pass(20);

    mockProvider.control({ capacity: { dashscope: { running: 2 } } });
    await pass(15);

    expect(await statusesOf(ids)).toEqual(['RUNNING', 'RUNNING']);
  });
});

describe('a submit beyond the limit of waiting jobs', () => {
  test('is DashScope’s 429, and nothing is accepted', async () => {
    const { submit, call } = await limited({ dashscope: { running: 1, queued: 1 } });

    const answers = [await submit(), await submit(), await submit()];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.body).toEqual({
      request_id: expect.any(String),
      code: 'Throttling',
      message: expect.any(String),
    });
    expect((await call('GET', '/control')).body.counts).toMatchObject({ accepted: 2 });
  });

  test('is EvoLink’s 429 when no job may wait', async () => {
    const { submitEvolink } = await limited({ evolink: { running: 1, queued: 0 } });
    await submitEvolink();

    expect(await submitEvolink()).toEqual({
      status: 429,
      body: {
        error: {
          code: 'rate_limit_exceeded',
          message: expect.any(String),
          type: 'rate_limit_error',
        },
      },
    });
  });

  test('is fal’s 429 when the request itself limits the queue', async () => {
    const { submitFal } = await limited({ fal: { running: 1 } });
    const limitedTo = (length: number) => submitFal(`?fal_max_queue_length=${length}`);
    await submitFal();

    const statuses = [await limitedTo(1), await limitedTo(1), await limitedTo(1)];

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(statuses[2]?.body).toEqual({ detail: expect.any(String) });
    expect((await submitFal()).status).toBe(200);
  });
});

describe('requests above the limit of a second', () => {
  test('are DashScope’s 429, and are let in again when a second has passed', async () => {
    const { submit, clock } = await limited({ dashscope: { submitsPerSecond: 2 } });

    expect([(await submit()).status, (await submit()).status]).toEqual([200, 200]);
    expect(await submit()).toEqual({
      status: 429,
      body: {
        request_id: expect.any(String),
        code: 'Throttling.RateQuota',
        message: expect.any(String),
      },
    });
    clock.now += 999;
    expect((await submit()).status).toBe(429);
    clock.now += 1;
    expect((await submit()).status).toBe(200);
  });

  test('are counted for queries and cancellations together, and apart from submits', async () => {
    const { accepted, poll, cancel } = await limited({ dashscope: { queriesPerSecond: 2 } });
    const id = await accepted();

    const statuses = [await poll(id), await cancel(id), await poll(id), await cancel(id)];

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  });

  test('have EvoLink’s and fal’s own form for a query', async () => {
    const { call, submitEvolink, submitFal } = await limited({
      evolink: { queriesPerSecond: 0 },
      fal: { queriesPerSecond: 0 },
    });
    const { body: task } = await submitEvolink();
    const { body: request } = await submitFal();

    expect(await call('GET', `/v1/tasks/${task.id}`)).toMatchObject({
      status: 429,
      body: { error: { code: 'rate_limit_exceeded', type: 'evo_api_error' } },
    });
    const key = { authorization: 'Key k' };
    expect(await call('GET', request.status_url, undefined, key)).toEqual({
      status: 429,
      body: { detail: expect.any(String) },
    });
  });

  test('follow the speed of the mock provider', async () => {
    const { submit, clock } = await limited({ dashscope: { submitsPerSecond: 1 } }, { speed: 20 });
    await submit();

    clock.now += 49;
    expect((await submit()).status).toBe(429);
    clock.now += 1;
    expect((await submit()).status).toBe(200);
  });
});

test('the preset of DashScope has the limits of its default account', async () => {
  const { mockProvider, accepted, statusesOf, clock, call, pass } = await limited();
  mockProvider.control({ capacity: { dashscope: 'dashscope-default' } });

  const ids = [];
  for (const _ of [1, 2, 3, 4, 5, 6]) {
    ids.push(await accepted());
    clock.now += 200;
  }
  await pass(20);

  expect((await call('GET', '/control')).body.providers.dashscope.capacity).toEqual({
    running: 5,
    queued: null,
    submitsPerSecond: 5,
    queriesPerSecond: 20,
  });
  expect(await statusesOf(ids)).toEqual([...Array(5).fill('RUNNING'), 'PENDING']);
});

test('a limit that a change does not name stays, null removes one, and DELETE restores the start', async () => {
  const { call } = await limited({ dashscope: { running: 3, queued: 9 } });
  const capacityAfter = async (method: string, body?: object) =>
    (await call(method, '/control', body)).body.providers.dashscope.capacity;

  expect(await capacityAfter('POST', { capacity: { dashscope: { running: 4 } } })).toMatchObject({
    running: 4,
    queued: 9,
  });
  expect(await capacityAfter('POST', { capacity: { dashscope: { queued: null } } })).toMatchObject({
    running: 4,
    queued: null,
  });
  expect(await capacityAfter('DELETE')).toMatchObject({ running: 3, queued: 9 });
});

test.each([
  [{ other: { running: 1 } }, 'capacity'],
  [{ dashscope: { running: -1 } }, 'capacity.dashscope'],
  [{ dashscope: { running: 1.5 } }, 'capacity.dashscope'],
  [{ dashscope: { colour: 1 } }, 'capacity.dashscope'],
  [{ dashscope: 'large' }, 'capacity.dashscope'],
])('the capacity %j is rejected, and nothing changes', async (capacity, reason) => {
  const { call } = await limited();

  expect(await call('POST', '/control', { seconds: 1, capacity })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(reason) },
  });
  expect((await call('GET', '/control')).body.settings.seconds).toBe(100);
});

describe('the usage', () => {
  test('is the running jobs over the time, with peaks and counts', async () => {
    const { accepted, poll, submit, pass, usage } = await limited({
      dashscope: { running: 2, queued: 1, queriesPerSecond: 1 },
    });
    await pass(50);
    const id = await accepted();
    await pass(40);
    for (const _ of [1, 2]) await accepted();
    await submit();
    await poll(id);
    await poll(id);
    await pass(310);

    expect(await usage()).toEqual({
      elapsedMs: 400_000,
      busyMs: 300_000,
      running: 0,
      peakRunning: 2,
      queued: 0,
      peakQueued: 1,
      submits: 4,
      queries: 2,
      throttledSubmits: 1,
      throttledQueries: 1,
    });
  });

  test('does not depend on the time of the read', async () => {
    const { accepted, pass, clock, usage } = await limited({ dashscope: { running: 1 } });
    await accepted();
    await accepted();
    await pass(15);
    clock.now += 135_000; // the first job ended in the meantime

    expect(await usage()).toMatchObject({ busyMs: 150_000, elapsedMs: 150_000, running: 1 });
  });

  test('of a cancelled job ends with its cancellation', async () => {
    const { accepted, cancel, pass, usage } = await limited({ dashscope: { running: 1 } });
    const id = await accepted();
    await pass(10);
    await cancel(id);
    await pass(100);

    expect(await usage()).toMatchObject({ busyMs: 10_000, running: 0 });
  });

  test('is in the provider’s own time at another speed', async () => {
    const { accepted, clock, usage } = await limited({}, { speed: 20 });
    await accepted();

    clock.now += 1000;

    expect(await usage()).toMatchObject({ elapsedMs: 20_000, busyMs: 20_000 });
  });

  test('begins anew after a reset, with the jobs of that moment', async () => {
    const { accepted, call, pass, usage } = await limited({ dashscope: { running: 1 } });
    await accepted();
    await accepted();
    await pass(50);

    const { body } = await call('DELETE', '/control/usage');

    const begin = { running: 1, peakRunning: 1, queued: 1, peakQueued: 1, submits: 0, queries: 0 };
    expect(body.providers.dashscope).toMatchObject({
      capacity: { running: 1 },
      usage: { ...begin, busyMs: 0, elapsedMs: 0 },
    });
    await pass(20);
    expect(await usage()).toMatchObject({ ...begin, busyMs: 20_000, elapsedMs: 20_000 });
  });
});

test('a rejected submit takes no place', async () => {
  const { submit, call } = await limited({ dashscope: { running: 1, queued: 0 } });
  await submit({ n: 9 });

  expect((await submit()).status).toBe(200);
  expect((await call('GET', '/control')).body.jobs).toHaveLength(1);
});
