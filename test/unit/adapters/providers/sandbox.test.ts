import { describe, expect, test } from 'vitest';
import { sandboxProvider } from '../../../../functions/adapters/providers/sandbox/adapter.ts';
import type { Job } from '../../../../functions/domain/model/provider.ts';
import { ProviderBusy, SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import { settableClock } from '../../../support/fakes.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

const job = (prompt: string, more: Partial<Job> = {}): Job => ({
  taskId: sampleId,
  model: 'wan2.5-image-to-image',
  prompt,
  images: ['https://inputs.example.com/0'],
  n: 1,
  options: {},
  ...more,
});

function context() {
  const clock = settableClock(sampleTime);
  return { clock, ...sandboxProvider(clock.now) };
}

describe('a job in the sandbox', () => {
  test.each([
    ['a second', 'Make it snow', 1000],
    ['as long as the prompt says', '[seconds: 40]', 40_000],
    ['no time at all', '[seconds: 0]', 0],
  ])('takes %s, by its ticket alone', async (_what, prompt, milliseconds) => {
    const { submit, clock } = context();
    const ticket = await submit(job(prompt));
    const other = sandboxProvider(clock.now); // another instance, which knows nothing but the ticket

    clock.advance(milliseconds - 1);
    const before = milliseconds > 0 && (await other.poll(ticket)).state;
    clock.advance(1);

    expect(before).toBe(milliseconds > 0 && 'running');
    expect(await other.poll(ticket)).toEqual({ state: 'succeeded', images: [{ input: 0 }] });
  });

  test('fails with the code of the prompt, and not before its time', async () => {
    const { submit, poll, clock } = context();
    const ticket = await submit(job('[seconds: 5] [fail: content_policy_violation]'));

    expect(await poll(ticket)).toEqual({ state: 'running' });
    clock.advance(5000);
    expect(await poll(ticket)).toMatchObject({
      state: 'failed',
      failure: { code: 'content_policy_violation' },
    });
  });

  test.each([
    [1, 3, 1],
    [2, 4, 2],
    [9, 2, 2],
  ])('with [partial: %i] and %i images makes %i', async (partial, n, made) => {
    const { submit, poll, clock } = context();
    const ticket = await submit(job(`[partial: ${partial}]`, { n }));
    clock.advance(1000);

    const progress = await poll(ticket);

    const images = 'images' in progress ? progress.images : [];
    expect(images).toHaveLength(n);
    expect(images.filter((image) => 'input' in image)).toHaveLength(made);
  });

  test('is refused as often as the prompt says, and then accepted', async () => {
    const { submit } = context();

    for (const busyCount of [undefined, 1]) {
      await expect(submit(job('[busy]', { busyCount }))).rejects.toThrow(ProviderBusy);
    }
    expect(await submit(job('[busy]', { busyCount: 2 }))).toMatch(/^sandbox-/);
  });

  test('gets no clear answer when the prompt says so', async () => {
    await expect(context().submit(job('[unknown]'))).rejects.toThrow(SubmitUnknown);
  });
});

test('a ticket contains nothing of the request, and a ticket that the sandbox did not issue is an error', async () => {
  const { submit, poll } = context();

  expect(await submit(job('a secret plan [partial: 1]', { n: 2 }))).toBe(
    `sandbox-${sampleTime}-1s-1of2`,
  );
  await expect(poll('job-1')).rejects.toThrow('has given no ticket');
});
