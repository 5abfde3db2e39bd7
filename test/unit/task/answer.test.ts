import { expect, test } from 'vitest';
import { answerAbout, withoutCallback } from '../../../functions/task/answer.ts';
import { isValidLink, linkValidForMs } from '../../../functions/task/result-link.ts';
import { signingWith } from '../../support/signing.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../support/tasks.ts';

function world(usual?: string) {
  let secretsRead = 0;
  const answer = answerAbout({
    ...{ baseUrl: 'https://api.example.com', now: () => sampleTime + 18_000, usual },
    secret: async () => {
      secretsRead += 1;
      return 'a signing secret';
    },
  });
  return { answer, secretsRead: () => secretsRead };
}

test('a completed task carries links that work for 24 hours from now', async () => {
  const { results = [] } = { ...(await world().answer(completed())) };

  const { origin, pathname, searchParams } = new URL(results[0] ?? '');
  expect(origin + pathname).toBe(`https://api.example.com/v1/results/${sampleId}/1`);
  const expires = Number(searchParams.get('expires'));
  expect(expires * 1000).toBe(sampleTime + 18_000 + linkValidForMs);
  const link = { taskId: sampleId, n: 1, expires };
  const signature = searchParams.get('signature') ?? '';
  expect(await isValidLink(signingWith('a signing secret'), link, signature, sampleTime)).toBe(
    true,
  );
});

test.each([pending(), processing(), failed()])(
  'for a $status task no secret is read',
  async (task) => {
    const { answer, secretsRead } = world();

    expect(await answer(task)).toMatchObject({ id: sampleId, status: task.status });

    expect(secretsRead()).toBe(0);
  },
);

test('progress follows the usual duration that the stage has set', async () => {
  expect(await world().answer(processing())).toMatchObject({ progress: 50 });
  expect(await world('15').answer(processing())).toMatchObject({ progress: 95 });
});

test('who is told is told everything but how the telling goes', async () => {
  const task = completed({
    ...{ callbackUrl: 'https://example.com/hook', metadata: { order: '7' } },
    callback: { state: 'failing', attempts: 2 },
  });
  const { callback, ...rest } = { callback: undefined, ...(await world().answer(task)) };

  expect(callback).toMatchObject({ status: 'failing', attempts: 2 });
  expect(withoutCallback(await world().answer(task))).toStrictEqual(rest);
});
