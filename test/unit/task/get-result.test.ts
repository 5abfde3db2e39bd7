import { describe, expect, test } from 'vitest';
import { getResult } from '../../../functions/task/get-result.ts';
import { linkValidForMs, resultLink } from '../../../functions/task/result-link.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryResults, memoryStore, settableClock } from '../../support/fakes.ts';
import { signingWith } from '../../support/signing.ts';
import { completed, failed, processing, sampleId, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const secret = 'a signing secret';

function world(task?: Task) {
  const store = memoryStore();
  if (task) store.put(task);
  const clock = settableClock(sampleTime);
  const get = getResult({
    ...{ tasks: store.tasks, results: memoryResults(), now: clock.now },
    keys: signingWith(secret),
  });
  const expires = (sampleTime + linkValidForMs) / 1000;
  const { searchParams } = new URL(
    resultLink('https://api.example.com', secret, { taskId: sampleId, n: 1, expires }),
  );
  const asked = {
    ...{ taskId: sampleId, n: '1', expires: String(expires) },
    signature: searchParams.get('signature') ?? '',
  };
  return { clock, get, asked };
}

describe('302', () => {
  test('a link that we made leads to the picture', async () => {
    const { get, asked } = world(completed());

    expect(await get(asked)).toBe(
      `https://results.example.com/results/${sampleId}/1?name=${sampleId}-1`,
    );
  });

  test('no text of the caller becomes part of the file name', async () => {
    const { get, asked } = world(completed());

    expect(await get({ ...asked, n: '\r\n01' })).toMatch(/-1$/);
  });
});

describe('403', () => {
  const refused = {
    ...{ code: 'permission_denied', status: 403, param: undefined },
    message:
      'This link is not valid or no longer: ask for the task again, its answer carries fresh links.',
  };

  test.each([
    ['another image', { n: '2' }],
    ['no image', { n: '' }],
    ['another task', { taskId: 'task-unified-1757156493-00000000' }],
    ['a later end', { expires: '1957242893' }],
    ['no end', { expires: '' }],
    ['no signature', { signature: '' }],
  ])('a link with %s', async (_what, change) => {
    const { get, asked } = world(completed());

    expect(await thrownBy(get({ ...asked, ...change }))).toMatchObject(refused);
  });

  test('a link that is over', async () => {
    const { get, asked, clock } = world(completed());
    clock.advance(linkValidForMs);

    expect(await thrownBy(get(asked))).toMatchObject(refused);
  });

  test.each<[string, Task | undefined]>([
    ['is gone', undefined],
    ['is still being made', processing()],
    ['has failed', failed()],
    ['has fewer images', completed({ images: [] })],
  ])('a task that %s', async (_what, task) => {
    const { get, asked } = world(task);

    expect(await thrownBy(get(asked))).toMatchObject(refused);
  });
});
