import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isThorough } from '../support/thorough.ts';
import { type Body, mockProviderState, openStack, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';

let images: Receiver;
beforeAll(async () => {
  images = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(() => images?.close());

const generation = () => ({
  prompt: 'Make it snow',
  image_urls: [`${images.url}/sample.jpg`],
  size: '768x768',
});

/** Sends a request as a client does that follows redirects. */
const send = ({ url, keys }: TestStack, path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), {
    ...init,
    headers: {
      authorization: `Bearer ${keys.apiKey}`,
      'content-type': 'application/json',
      ...init.headers,
    },
  });
const createWaiting = (stack: TestStack, headers: Record<string, string> = {}) =>
  send(stack, '/v1/images/generations', {
    method: 'POST',
    body: JSON.stringify(generation()),
    headers: { prefer: 'wait=25', ...headers },
  });

describe('Prefer: wait', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.close());

  test('a create that waits gets the completed task, by a redirect that clients follow by themselves', async () => {
    const response = await createWaiting(stack);
    const task: Body = await response.json();

    expect([response.status, response.redirected]).toEqual([200, true]);
    expect(response.headers.get('preference-applied')).toBe('wait=25');
    expect(response.headers.get('retry-after')).toBeNull();
    expect(new URL(response.url).pathname).toBe(`/v1/tasks/${task.id}/wait`);
    expect(task).toMatchObject({ status: 'completed', results: [expect.any(String)] });
  });

  test('a client that follows no redirect gets the task all the same, and when to read it again', async () => {
    const { status, headers, body } = await stack.create(generation(), { prefer: 'wait=1' });

    expect(status).toBe(303);
    expect(headers.get('location')).toMatch(
      new RegExp(`^/v1/tasks/${body.id}/wait\\?seconds=1&place=\\d-[0-9a-f-]{36}$`),
    );
    expect(headers.get('retry-after')).toBe('3');
    expect(headers.get('preference-applied')).toBeNull();
    expect(body).toMatchObject({ object: 'image.generation.task', status: 'pending' });
    expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  });

  test('a read that waits gets the task when its time is over, and when to read it again', async () => {
    controlProvider(stack, { seconds: 60 });
    const { body } = await stack.create(generation());

    const response = await send(stack, `/v1/tasks/${body.id}`, { headers: { prefer: 'wait=1' } });

    expect([response.status, response.redirected]).toEqual([200, true]);
    expect(response.headers.get('preference-applied')).toBe('wait=1');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({ id: body.id });
    controlProvider(stack, { seconds: 1 });
    expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  });

  test('a task that has ended, one that waits for uploads, and HEAD are answered at once', async () => {
    const prefer = { prefer: 'wait=25' };
    const ended: Body = await (await createWaiting(stack)).json();
    const image_uploads = [{ content_type: 'image/jpeg' }];

    const read = await stack.call('GET', `/v1/tasks/${ended.id}`, undefined, prefer);
    const uploading = await stack.create({ prompt: 'Make it snow', image_uploads }, prefer);
    const head = await stack.call('HEAD', `/v1/tasks/${uploading.body.id}`, undefined, prefer);

    expect([read.status, uploading.status, head.status]).toEqual([200, 200, 200]);
    expect(read.headers.get('preference-applied')).toBeNull();
    expect(uploading.body.uploads).toHaveLength(1);
  });

  test('an address to wait at works for the account of the task alone, and only once', async () => {
    const { headers, body } = await stack.create(generation(), { prefer: 'wait=25' });
    const location = headers.get('location') ?? '';

    const foreign = await stack.callAs('somebody-else', 'GET', location);
    expect([foreign.status, foreign.body.error.code]).toEqual([404, 'task_not_found']);
    const again = await stack.call('GET', location);

    expect([again.status, again.body.id]).toEqual([200, body.id]);
    expect(again.headers.get('preference-applied')).toBeNull();
    await stack.endedTask(body.id);
  });

  test.each(['?seconds=26', '?seconds=0', '?seconds=', '?seconds=5&place=x', '?seconds=5&more=1'])(
    'an address to wait at with the query %j is refused',
    async (query) => {
      const path = `/v1/tasks/task-unified-1757156493-imcg5zqt/wait${query}`;
      const { status, body } = await stack.call('GET', path);

      expect([status, body.error.code]).toEqual([400, 'invalid_request']);
    },
  );
});

describe('with ten functions at a time, as in a new AWS account', () => {
  // Twice as many as there are functions; in a thorough run five times as many.
  const callers = isThorough ? 50 : 20;
  let stack: TestStack;
  beforeAll(async () => {
    stack = await openStack({
      outdir: inject('outdir'),
      speed: 1, // throttled states are retried with the pauses of AWS
      // Idle sandboxes do not count here, as on AWS.
      limits: { accountConcurrency: 10, maxSandboxes: 40, maxIdleMs: 120_000 },
    });
  });
  afterAll(() => stack?.close());

  /** Repeats a request that found no free function. Its idempotency key stays the same, so it creates one task. */
  async function untilServed(request: () => Promise<Response>): Promise<Response> {
    for (;;) {
      const response = await request();
      if (response.status < 500 && response.status !== 429) return response;
      await setTimeout(200 + Math.random() * 800);
    }
  }

  /** Creates a task and waits for it: by the preference, and after that by reads at the times of Retry-After. */
  async function createAndWait(): Promise<{ task: Body; hasWaited: boolean }> {
    const key = { 'idempotency-key': randomUUID() };
    let response = await untilServed(() => createWaiting(stack, key));
    const hasWaited = response.headers.has('preference-applied');
    let task: Body = await response.json();
    while (task.status === 'pending' || task.status === 'processing') {
      await setTimeout(1000 * Number(response.headers.get('retry-after')));
      response = await untilServed(() => send(stack, `/v1/tasks/${task.id}`));
      task = await response.json();
    }
    return { task, hasWaited };
  }

  test('many callers who wait at once all get their tasks completed, and one that waits already goes on waiting', async () => {
    const first = createAndWait();
    await until(
      () => mockProviderState(stack),
      ({ counts }) => counts.accepted === 1,
    );
    const ended = await Promise.all([first, ...Array.from({ length: callers - 1 }, createAndWait)]);

    expect(
      ended.filter(({ task }) => task.status !== 'completed').map(({ task }) => task.error),
    ).toEqual([]);
    expect(new Set(ended.map(({ task }) => task.id)).size).toBe(callers);
    expect(ended[0]?.hasWaited).toBe(true);
  }, 240_000);
});
