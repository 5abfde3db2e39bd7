import { describe, expect, test } from 'vitest';
import { type ProviderName, providerNames } from '../../../../functions/domain/model/catalogue.ts';
import type { Task } from '../../../../functions/domain/model/task.ts';
import {
  providerWebhookUrl,
  receiveProviderWebhook,
} from '../../../../functions/domain/tasks/provider-webhook.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../../support/tasks.ts';

const now = sampleTime + 20_000;
const base = 'https://api.example.com';
const body = { headers: {}, body: '{}' };

/** The parameters of the URL, as our own route parses them. */
function pathTo(key = 'key', provider: ProviderName = 'fal', taskId = sampleId) {
  const url = providerWebhookUrl(base, key, provider, taskId);
  const [, , , name = '', , task = '', secret = ''] = new URL(url).pathname.split('/');
  return { provider: name, taskId: task, secret };
}

type Context = {
  readonly known?: readonly string[];
  readonly latest?: readonly string[];
  readonly signed?: boolean | undefined;
  readonly broken?: boolean;
};

function context(task: Task, { known = ['key'], latest = known, signed, broken }: Context = {}) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow(() => (broken ? new Error('throttled') : undefined));
  const checked: unknown[] = [];
  const failedWakes: unknown[] = [];
  const receive = receiveProviderWebhook({
    tasks,
    workflow,
    now: () => now,
    wakeFailed: (taskId, cause) => void failedWakes.push([taskId, cause]),
    keys: { known: async () => known, latest: async () => latest },
    verifiers: {
      fal: async (webhook) => {
        checked.push(webhook);
        return signed;
      },
    },
  });
  return { receive, workflow, checked, failedWakes, find: () => tasks.find(task.id) };
}

const waited = processing({ provider: 'fal', wakeToken: 'token-1' });

describe('the webhook URL', () => {
  test('leads to our route, and names the provider and the task', () => {
    const url = providerWebhookUrl(base, 'key', 'evolink', sampleId);

    expect(url).toMatch(
      new RegExp(`^${base}/v1/providers/evolink/callbacks/${sampleId}/[\\w-]{43}$`),
    );
  });

  test('differs for every key, provider and task, and is the same each time', () => {
    const urls = ['key', 'another'].flatMap((key) =>
      providerNames.flatMap((name) =>
        ['task-1', 'task-2'].map((id) => providerWebhookUrl(base, key, name, id)),
      ),
    );

    const [first = expect.fail('there is no provider')] = providerNames;
    expect(new Set(urls).size).toBe(2 * providerNames.length * 2);
    expect(providerWebhookUrl(base, 'key', first, 'task-1')).toBe(urls[0]);
  });
});

describe('a webhook at the right URL', () => {
  test('is recorded, and wakes the waiting workflow', async () => {
    const { receive, workflow, find } = context(waited);

    expect(await receive(pathTo(), body)).toBeUndefined();

    expect(workflow.woken).toEqual(['token-1']);
    expect(await find()).toEqual({ ...waited, providerWebhookAt: now });
  });

  test('is recorded when no state waits: the next wait reads it', async () => {
    const { receive, workflow, find } = context(processing({ provider: 'fal' }));

    await receive(pathTo(), body);

    expect(workflow.woken).toEqual([]);
    expect(await find()).toMatchObject({ providerWebhookAt: now });
  });

  test('is recorded when it comes before the response to the submit', async () => {
    const { receive, find } = context(pending({ provider: 'fal', submitLockedAt: now - 1 }));

    await receive(pathTo(), body);

    expect(await find()).toMatchObject({ status: 'pending', providerWebhookAt: now });
  });

  test('that is repeated wakes the workflow again, since the state of the job may have changed', async () => {
    const { receive, workflow } = context(waited);

    await receive(pathTo(), body);
    await receive(pathTo(), body);

    expect(workflow.woken).toEqual(['token-1', 'token-1']);
  });

  test('does not end a task, whatever its body says', async () => {
    const { receive, find } = context(waited);

    await receive(pathTo(), { headers: {}, body: '{"status":"failed","images":["https://evil"]}' });

    expect(await find()).toMatchObject({ status: 'processing' });
    expect(await find()).not.toHaveProperty('outcome');
  });

  test('is accepted when the workflow could not be woken: the fact is written, and the wait has an end', async () => {
    const { receive, find, failedWakes } = context(waited, { broken: true });

    await receive(pathTo(), body);

    expect(failedWakes).toEqual([[sampleId, new Error('throttled')]]);
    expect(await find()).toMatchObject({ providerWebhookAt: now });
  });
});

describe('the signing key', () => {
  test.each([
    ['that was replaced is still valid', ['new', 'key'], ['new', 'key']],
    ['that is not cached yet is read first', ['old'], ['key', 'old']],
  ])('%s, so a webhook signed with it wakes the workflow', async (_what, known, latest) => {
    const { receive, workflow } = context(waited, { known, latest });

    await receive(pathTo(), body);

    expect(workflow.woken).toEqual(['token-1']);
  });
});

describe("the provider's own signature", () => {
  test.each([
    ['that is genuine is accepted, and wakes the workflow', true, ['token-1']],
    ['that is missing is accepted, since the URL is the secret', undefined, ['token-1']],
    ['that is wrong is rejected, and nothing is written', false, []],
  ])('when it is one %s', async (_what, signed, woken) => {
    const { receive, workflow, find } = context(waited, { signed });

    await receive(pathTo(), body);

    expect(workflow.woken).toEqual(woken);
    expect(await find()).toEqual(woken.length > 0 ? { ...waited, providerWebhookAt: now } : waited);
  });

  test('is checked with the request, and only at the right URL', async () => {
    const { receive, checked } = context(waited, { signed: true });
    const callback = { headers: { 'x-fal-webhook-signature': 'ab' }, body: 'ü' };

    await receive({ ...pathTo(), secret: 'x'.repeat(43) }, callback);
    expect(checked).toEqual([]);

    await receive(pathTo(), callback);
    expect(checked).toEqual([callback]);
  });

  test('is not required of a provider that gives none', async () => {
    const task = processing({ provider: 'evolink', wakeToken: 'token-1' });
    const { receive, workflow, checked } = context(task, { signed: false });

    await receive(pathTo('key', 'evolink'), body);

    expect(workflow.woken).toEqual(['token-1']);
    expect(checked).toEqual([]);
  });
});

test.each<[string, object]>([
  ['a secret that is wrong', { secret: pathTo('another key').secret }],
  ['a secret that is cut short', { secret: pathTo().secret.slice(0, -1) }],
  ['a secret that is too long', { secret: `${pathTo().secret}A` }],
  ['a secret in other letters', { secret: `${pathTo().secret.slice(0, -1)}!` }],
  ['no secret', { secret: '' }],
  ["another task's secret", { secret: pathTo('key', 'fal', 'task-2').secret }],
  ["another provider's secret", { secret: pathTo('key', 'evolink').secret }],
  ['another provider, and its secret', pathTo('key', 'evolink')],
  ['an unknown provider', { provider: 'constructor' }],
  ['no provider', { provider: '' }],
  ['a task that is not there, and its secret', pathTo('key', 'fal', 'task-2')],
])(
  'a webhook with %s changes nothing, and has the same response as any other',
  async (_what, more) => {
    const { receive, workflow, find } = context(waited, { signed: true });

    expect(await receive({ ...pathTo(), ...more }, body)).toBeUndefined();

    expect(workflow.woken).toEqual([]);
    expect(await find()).toEqual(waited);
  },
);

test('a task that has ended is not changed, and nothing is woken', async () => {
  const task = failed({ provider: 'fal' });
  const { receive, workflow, find } = context(task);

  await receive(pathTo(), body);

  expect(workflow.woken).toEqual([]);
  expect(await find()).toEqual(task);
});
