import { describe, expect, test } from 'vitest';
import { type ProviderName, providerNames } from '../../../functions/task/provider.ts';
import {
  providerCallback,
  providerCallbackUrl,
} from '../../../functions/task/provider-callback.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow } from '../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';

const now = sampleTime + 20_000;
const base = 'https://api.example.com';
const body = { headers: {}, body: '{}' };

/** The address as it comes in: what our own route makes of it. */
function asked(key = 'key', provider: ProviderName = 'fal', taskId = sampleId) {
  const url = providerCallbackUrl(base, key, provider, taskId);
  const [, , , name = '', , task = '', secret = ''] = new URL(url).pathname.split('/');
  return { provider: name, taskId: task, secret };
}

type World = {
  readonly known?: readonly string[];
  readonly latest?: readonly string[];
  readonly signed?: boolean | undefined;
  readonly broken?: boolean;
};

function world(task: Task, { known = ['key'], latest = known, signed, broken }: World = {}) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow(() => (broken ? new Error('throttled') : undefined));
  const checked: unknown[] = [];
  const hear = providerCallback({
    ...{ tasks, workflow, now: () => now },
    keys: { known: async () => known, latest: async () => latest },
    signatures: {
      fal: async (...of) => {
        checked.push(of);
        return signed;
      },
    },
  });
  return { hear, workflow, checked, find: () => tasks.find(task.id) };
}

const waited = processing({ provider: 'fal', wakeToken: 'token-1' });

describe('the address', () => {
  test('leads to our route, and says whose job it is', () => {
    const url = providerCallbackUrl(base, 'key', 'evolink', sampleId);

    expect(url).toMatch(
      new RegExp(`^${base}/v1/providers/evolink/callbacks/${sampleId}/[\\w-]{43}$`),
    );
  });

  test('is another for every key, provider and task, and the same each time', () => {
    const urls = ['key', 'another'].flatMap((key) =>
      providerNames.flatMap((name) =>
        ['task-1', 'task-2'].map((id) => providerCallbackUrl(base, key, name, id)),
      ),
    );

    expect(new Set(urls).size).toBe(12);
    expect(providerCallbackUrl(base, 'key', 'dashscope', 'task-1')).toBe(urls[0]);
  });
});

describe('a callback at the right address', () => {
  test('is written, and wakes who waits', async () => {
    const { hear, workflow, find } = world(waited);

    expect(await hear(asked(), body)).toBeUndefined();

    expect(workflow.woken).toEqual(['token-1']);
    expect(await find()).toEqual({ ...waited, calledBackAt: now });
  });

  test('is written when nobody waits: the next wait sees it', async () => {
    const { hear, workflow, find } = world(processing({ provider: 'fal' }));

    await hear(asked(), body);

    expect(workflow.woken).toEqual([]);
    expect(await find()).toMatchObject({ calledBackAt: now });
  });

  test('is written when it is faster than the answer to our question', async () => {
    const { hear, find } = world(pending({ provider: 'fal', submittingAt: now - 1 }));

    await hear(asked(), body);

    expect(await find()).toMatchObject({ status: 'pending', calledBackAt: now });
  });

  test('that comes again wakes again: what is to be seen may be new', async () => {
    const { hear, workflow } = world(waited);

    await hear(asked(), body);
    await hear(asked(), body);

    expect(workflow.woken).toEqual(['token-1', 'token-1']);
  });

  test('ends nothing, whatever it says', async () => {
    const { hear, find } = world(waited);

    await hear(asked(), { headers: {}, body: '{"status":"failed","images":["https://evil"]}' });

    expect(await find()).toMatchObject({ status: 'processing' });
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('is an error when it is written and nobody could be woken: it comes again', async () => {
    const { hear, find } = world(waited, { broken: true });

    await expect(hear(asked(), body)).rejects.toThrow('throttled');

    expect(await find()).toMatchObject({ calledBackAt: now });
  });
});

describe('the key', () => {
  test.each([
    ['that was replaced goes on to count', ['new', 'key'], ['new', 'key']],
    ['that nobody here has seen yet is looked for', ['old'], ['key', 'old']],
  ])('%s', async (_what, known, latest) => {
    const { hear, workflow } = world(waited, { known, latest });

    await hear(asked(), body);

    expect(workflow.woken).toEqual(['token-1']);
  });
});

describe("the provider's own signature", () => {
  test.each([
    ['that is genuine lets it in', true, ['token-1']],
    ['that is missing lets it in: the address is the secret', undefined, ['token-1']],
    ['that is wrong keeps it out', false, []],
  ])('%s', async (_what, signed, woken) => {
    const { hear, workflow, find } = world(waited, { signed });

    await hear(asked(), body);

    expect(workflow.woken).toEqual(woken);
    expect(await find()).toEqual(woken.length > 0 ? { ...waited, calledBackAt: now } : waited);
  });

  test('is looked at with what was sent, and only behind the right address', async () => {
    const { hear, checked } = world(waited, { signed: true });
    const callback = { headers: { 'x-fal-webhook-signature': 'ab' }, body: 'ü' };

    await hear({ ...asked(), secret: 'x'.repeat(43) }, callback);
    expect(checked).toEqual([]);

    await hear(asked(), callback);
    expect(checked).toEqual([[callback, now]]);
  });

  test('is asked of nobody who gives none', async () => {
    const task = processing({ provider: 'evolink', wakeToken: 'token-1' });
    const { hear, workflow, checked } = world(task, { signed: false });

    await hear(asked('key', 'evolink'), body);

    expect(workflow.woken).toEqual(['token-1']);
    expect(checked).toEqual([]);
  });
});

test.each<[string, object]>([
  ['a secret that is wrong', { secret: asked('another key').secret }],
  ['a secret that is cut short', { secret: asked().secret.slice(0, -1) }],
  ['a secret that is too long', { secret: `${asked().secret}A` }],
  ['a secret in other letters', { secret: `${asked().secret.slice(0, -1)}!` }],
  ['no secret', { secret: '' }],
  ["another task's secret", { secret: asked('key', 'fal', 'task-2').secret }],
  ["another provider's secret", { secret: asked('key', 'evolink').secret }],
  ['another provider, and its secret', asked('key', 'evolink')],
  ['a provider nobody knows', { provider: 'constructor' }],
  ['no provider', { provider: '' }],
  ['a task that is not there, and its secret', asked('key', 'fal', 'task-2')],
])('a callback with %s changes nothing, and is answered like any other', async (_what, more) => {
  const { hear, workflow, find } = world(waited, { signed: true });

  expect(await hear({ ...asked(), ...more }, body)).toBeUndefined();

  expect(workflow.woken).toEqual([]);
  expect(await find()).toEqual(waited);
});

test('a task that has ended is not touched, and nobody is woken', async () => {
  const task = failed({ provider: 'fal' });
  const { hear, workflow, find } = world(task);

  await hear(asked(), body);

  expect(workflow.woken).toEqual([]);
  expect(await find()).toEqual(task);
});
