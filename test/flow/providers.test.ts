import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type ProviderName, providerNames } from '../../functions/task/provider.ts';
import { openWorld, painted, until, type World } from './open-world.ts';
import { putSecret } from './put-secret.ts';
import { type Receiver, servePictures } from './receiver.ts';
import { painting } from './world.ts';

// The same tasks with every provider, each in its own protocol.

let pictures: Receiver;
beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
});
afterAll(() => pictures?.close());

const wish = (more: object = {}) => ({
  ...{ prompt: 'Put on a little snow', size: '768x768' },
  ...{ image_urls: [`${pictures.url}/sample.jpg`], ...more },
});

const servedBy = (...providers: readonly ProviderName[]) =>
  openWorld({ outdir: inject('outdir'), parameters: { Providers: providers.join(',') } });

/** Sends a task and waits for its end: how callers see it, and how it is kept. */
async function send(world: World, more?: object) {
  const before = await painted(world);
  const { body } = await world.create(wish(more));
  const task = await world.ended(body.id);
  const { counts } = await painted(world);
  return {
    ...{ task, row: await world.dynamoItem(body.id) },
    accepted: counts.accepted - before.counts.accepted,
    polls: counts.polls - before.counts.polls,
  };
}

describe.each(providerNames)('with %s', (provider) => {
  const whoCalls = provider === 'dashscope' ? [] : [provider];
  let world: World;
  beforeAll(async () => {
    world = await servedBy(provider);
  });
  afterAll(() => world?.close());

  test('a task is painted, fetched and charged, and it is known who painted it', async () => {
    const { task, row } = await send(world, { n: 2 });

    expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 2.4 } });
    expect(task.results).toHaveLength(2);
    const image = await fetch(task.results[0]);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(row).toMatchObject({ provider, expectedSeconds: 8 });
    expect(row).not.toHaveProperty('wording');
  });

  test('what was not made is not charged', async () => {
    painting(world, { outcome: 'partial' });

    const { task } = await send(world, { n: 3 });

    expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 2.4 } });
  });

  test('a refusal of the prompt is told in the contract’s words', async () => {
    painting(world, { outcome: 'failed', code: 'DataInspectionFailed' });

    const { task } = await send(world);

    expect(task.error).toMatchObject({ code: 'content_policy_violation', type: 'task_error' });
    expect(task.usage).toMatchObject({ credits_used: 0 });
  });

  test('a submit that was not answered is paid at most once', async () => {
    painting(world, { submit: 'lost', times: 1 });

    const { task, accepted } = await send(world);

    expect(accepted).toBe(1);
    // Who knows a job again is asked again; of the others nobody can tell.
    if (provider === 'evolink') expect(task).toMatchObject({ status: 'completed' });
    else expect(task.error).toMatchObject({ code: 'service_error' });
  });

  test('a task that is cancelled while it is painted ends at once', async () => {
    painting(world, { seconds: 600 });
    const { body } = await world.create(wish());
    await until(
      () => world.dynamoItem(body.id),
      ({ status, wakeToken }) => status === 'processing' && wakeToken !== undefined,
    );

    await world.call('POST', `/v1/tasks/${body.id}/cancel`);

    expect(await world.ended(body.id)).toMatchObject({ error: { code: 'request_cancelled' } });
  });

  test.each(whoCalls)('a callback of %s ends the wait: it is asked once', async () => {
    const { task, row, polls } = await send(world);

    expect(task).toMatchObject({ status: 'completed' });
    // The question, and for fal the question after the result itself.
    expect(polls).toBeLessThanOrEqual(2);
    const entered = world.transitions.filter(
      ({ execution, state }) => execution === task.id && state === 'PollTask',
    );
    expect(new Set(entered.map(({ type }) => type))).not.toContain('TaskTimedOut');
    expect(row).not.toHaveProperty('calledBackAt');
  });

  test.each(whoCalls)(
    'as %s, nobody’s callback is answered the same and changes nothing',
    async () => {
      painting(world, { seconds: 600 });
      const { body } = await world.create(wish());
      const isWaited = ({ wakeToken }: Record<string, unknown>) => wakeToken !== undefined;
      const before = await until(() => world.dynamoItem(body.id), isWaited);
      const places = [
        `${provider}/callbacks/${body.id}/${'A'.repeat(43)}`,
        `${provider}/callbacks/${body.id}/short`,
        `${provider}/callbacks/task-unified-1757156493-imcg5zqt/${'A'.repeat(43)}`,
        `nobody/callbacks/${body.id}/${'A'.repeat(43)}`,
      ];

      for (const place of places) {
        const answer = await world.call('POST', `/v1/providers/${place}`, '{"status":"completed"');
        expect(answer).toMatchObject({ status: 200, body: {} });
      }

      expect(await world.dynamoItem(body.id)).toEqual(before);
      await world.call('POST', `/v1/tasks/${body.id}/cancel`);
      await world.ended(body.id);
    },
  );
});

describe('with two of them', () => {
  let world: World;
  beforeAll(async () => {
    world = await servedBy('dashscope', 'evolink');
  });
  afterAll(() => world?.close());

  test.each(['Arrearage', 'InvalidApiKey', 'ModelNotFound'] as const)(
    'the next one paints what the first refuses for the operator’s %s',
    async (code) => {
      painting(world, { submit: 'refused', code, times: 1 });

      const { task, row, accepted } = await send(world);

      expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 1.2 } });
      expect([row['provider'], accepted]).toEqual(['evolink', 1]);
    },
  );

  test('the next one paints what the first was too busy for three times', async () => {
    painting(world, { submit: 'busy', times: 3 });

    const { task, row } = await send(world);

    expect(task).toMatchObject({ status: 'completed' });
    expect(row).toMatchObject({ provider: 'evolink' });
  });

  test('a short busyness is waited out', async () => {
    painting(world, { submit: 'busy', times: 2 });

    expect((await send(world)).row).toMatchObject({ provider: 'dashscope', status: 'completed' });
  });

  test('what the first refuses for the prompt, or did not answer, no other is asked', async () => {
    painting(world, { submit: 'refused', code: 'DataInspectionFailed', times: 1 });
    const refused = await send(world);
    painting(world, { submit: 'lost', times: 1 });
    const lost = await send(world);

    expect(refused.task.error).toMatchObject({ code: 'content_policy_violation' });
    expect(lost.task.error).toMatchObject({ code: 'service_error' });
    expect([refused.row, lost.row]).toMatchObject([
      { provider: 'dashscope' },
      { provider: 'dashscope' },
    ]);
    expect([refused.accepted, lost.accepted]).toEqual([0, 1]);
  });
});

test.each([
  ['{"none":"x"}', 'service_unavailable'],
  ['{"fal":"only"}', undefined],
])('of the providers those with a key are asked: %s', async (keys, code) => {
  const world = await servedBy(...providerNames);
  onTestFinished(() => world.close());
  await putSecret(world, 'ProviderKeys', keys);

  const { task, row } = await send(world);

  if (code) expect(task.error).toMatchObject({ code });
  else expect(row).toMatchObject({ status: 'completed', provider: 'fal' });
});
