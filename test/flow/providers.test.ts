import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { secretTtlMs } from '../../functions/domain/model/cache.ts';
import {
  type LiveProviderName,
  type ProviderName,
  providerNames,
} from '../../functions/domain/model/catalogue.ts';
import { fakeClock } from '../support/clock.ts';
import { mockProviderState, openStack, type TestStack, until } from './open-stack.ts';
import { putSecret } from './put-secret.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { controlProvider } from './start-stack.ts';

// The same tasks with every provider, each over its own protocol.

let imageServer: Receiver;
beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(() => imageServer?.close());

const generation = (more: object = {}) => ({
  prompt: 'Put on a little snow',
  size: '768x768',
  image_urls: [`${imageServer.url}/sample.jpg`],
  ...more,
});

const clock = fakeClock();
const clientOf = (provider: LiveProviderName) =>
  providerAdapters[provider].createClient({
    baseUrl: 'https://provider.example.com',
    apiKey: async () => 'key',
  });
const openStackWith = (...providers: readonly ProviderName[]) =>
  openStack({ outdir: inject('outdir'), clock, parameters: { Providers: providers.join(',') } });

/** Runs a task to its end. Returns the response, the item, and what the provider counted for it. */
async function runTask(stack: TestStack, more?: object) {
  const before = await mockProviderState(stack);
  const { body } = await stack.create(generation(more));
  const task = await stack.endedTask(body.id);
  const { counts } = await mockProviderState(stack);
  return {
    task,
    item: await stack.taskItem(body.id),
    accepted: counts.accepted - before.counts.accepted,
    polls: counts.polls - before.counts.polls,
  };
}

/** How many waits of a task have timed out. */
const timeoutsOf = ({ executionEvents }: TestStack, id: string): number =>
  executionEvents.filter(({ execution, type }) => execution === id && type === 'TaskTimedOut')
    .length;

const notCancellable = 'task_not_cancellable';

describe.each(providerNames)('with %s', (provider) => {
  /** Empty for a provider without webhooks. */
  const { cancel, supportsWebhook } = clientOf(provider);
  const withWebhook = supportsWebhook ? [provider] : [];
  let stack: TestStack;
  beforeAll(async () => {
    stack = await openStackWith(provider);
  });
  afterAll(() => stack?.close());

  test('a task is generated, fetched and charged, and its item names the provider', async () => {
    const { task, item } = await runTask(stack, { n: 2 });

    expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 2.4 } });
    expect(task.results).toHaveLength(2);
    const image = await fetch(task.results[0]);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(item).toMatchObject({ provider, typicalSeconds: 4 });
    expect(item).not.toHaveProperty('submittedRequest');
  });

  test('an image that was not generated is not charged', async () => {
    controlProvider(stack, { outcome: 'partial' });

    const { task } = await runTask(stack, { n: 3 });

    expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 2.4 } });
  });

  test('a prompt that the provider rejects fails the task with the error code of our contract', async () => {
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed' });

    const { task } = await runTask(stack);

    expect(task.error).toMatchObject({ code: 'content_policy_violation', type: 'task_error' });
    expect(task.usage).toMatchObject({ credits_used: 0 });
  });

  test('a submit without a response is accepted at most once', async () => {
    controlProvider(stack, { submit: 'lost', times: 1 });

    const { task, accepted } = await runTask(stack);

    expect(accepted).toBe(1);
    // EvoLink deduplicates, so the submit is repeated. For other providers it is unknown whether they took the job.
    if (provider === 'evolink') expect(task).toMatchObject({ status: 'completed' });
    else expect(task.error).toMatchObject({ code: 'service_error' });
  });

  test('a task that waits there is cancelled at once, if the provider can cancel a job', async () => {
    controlProvider(stack, { seconds: 600 });
    const { body } = await stack.create(generation());
    await until(
      () => stack.taskItem(body.id),
      ({ status, wakeToken }) => status === 'processing' && wakeToken !== undefined,
    );

    const cancelled = await stack.call('POST', `/v1/tasks/${body.id}/cancel`);

    if (!cancel) {
      expect(cancelled).toMatchObject({ status: 409, body: { error: { code: notCancellable } } });
      return;
    }
    expect(cancelled.status).toBe(200);
    expect(await stack.endedTask(body.id)).toMatchObject({ error: { code: 'request_cancelled' } });
  });

  test.each(withWebhook)('a webhook of %s ends the wait, and the job is polled once', async () => {
    const { task, item, polls } = await runTask(stack);

    expect(task).toMatchObject({ status: 'completed' });
    // One status request; fal needs a second request for the result itself.
    expect(polls).toBeLessThanOrEqual(2);
    expect(timeoutsOf(stack, task.id)).toBe(0);
    expect(item).not.toHaveProperty('providerWebhookAt');
  });

  test.each(withWebhook)('a lost webhook of %s is made up for by the fallback poll', async () => {
    stack.faults.breakEvent({ source: 'provider', fault: 'drop' });

    const { task } = await runTask(stack);

    expect(task).toMatchObject({ status: 'completed' });
    expect(timeoutsOf(stack, task.id)).toBe(1);
  });

  test.each(withWebhook)(
    'a forged webhook of %s is answered with 200 and an empty body, and changes nothing',
    async () => {
      controlProvider(stack, { seconds: 600 });
      const { body } = await stack.create(generation());
      const isWaiting = ({ wakeToken }: Record<string, unknown>) => wakeToken !== undefined;
      const before = await until(() => stack.taskItem(body.id), isWaiting);
      const paths = [
        `${provider}/callbacks/${body.id}/${'A'.repeat(43)}`,
        `${provider}/callbacks/${body.id}/short`,
        `${provider}/callbacks/task-unified-1757156493-imcg5zqt/${'A'.repeat(43)}`,
        `nobody/callbacks/${body.id}/${'A'.repeat(43)}`,
      ];

      for (const path of paths) {
        const response = await stack.call('POST', `/v1/providers/${path}`, '{"status":"completed"');
        expect(response).toMatchObject({ status: 200, body: {} });
      }

      expect(await stack.taskItem(body.id)).toEqual(before);
    },
  );
});

describe('with several providers', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await openStackWith(...providerNames);
  });
  // A provider that was busy in the test before is left alone for some seconds.
  beforeEach(() => clock.advance(60_000));
  afterAll(() => stack?.close());

  test.each(['Arrearage', 'InvalidApiKey', 'ModelNotFound'] as const)(
    'a job that the first provider rejects with %s, which only the operator can fix, goes to the next',
    async (code) => {
      controlProvider(stack, { submit: 'refused', code, times: 1 });

      const { task, item, accepted } = await runTask(stack);

      expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 1.2 } });
      expect([item['provider'], accepted]).toEqual(['evolink', 1]);
    },
  );

  test('a job for which the first provider was busy three times goes to the next', async () => {
    controlProvider(stack, { submit: 'busy', times: 3 });

    const { task, item } = await runTask(stack);

    expect(task).toMatchObject({ status: 'completed' });
    expect(item).toMatchObject({ provider: 'evolink' });
  });

  test('a job for which the first provider was busy twice stays with it', async () => {
    controlProvider(stack, { submit: 'busy', times: 2 });

    expect((await runTask(stack)).item).toMatchObject({
      provider: 'dashscope',
      status: 'completed',
    });
  });

  test('a job that the first provider rejects for its prompt, or does not answer, goes to no other', async () => {
    controlProvider(stack, { submit: 'refused', code: 'DataInspectionFailed', times: 1 });
    const rejected = await runTask(stack);
    controlProvider(stack, { submit: 'lost', times: 1 });
    const lost = await runTask(stack);

    expect(rejected.task.error).toMatchObject({ code: 'content_policy_violation' });
    expect(lost.task.error).toMatchObject({ code: 'service_error' });
    expect([rejected.item, lost.item]).toMatchObject([
      { provider: 'dashscope' },
      { provider: 'dashscope' },
    ]);
    expect([rejected.accepted, lost.accepted]).toEqual([0, 1]);
  });

  // Nothing comes after these: they change the keys of the stack.
  test.each([
    ['{"none":"x"}', 'service_unavailable'],
    ['{"fal":"only"}', undefined],
  ])('with the provider keys %s, only providers with a key are used', async (keys, code) => {
    await putSecret(stack, 'ProviderKeys', keys);
    clock.advance(secretTtlMs); // the functions read them again

    const { task, item } = await runTask(stack);

    if (code) expect(task.error).toMatchObject({ code });
    else expect(item).toMatchObject({ status: 'completed', provider: 'fal' });
  });
});
