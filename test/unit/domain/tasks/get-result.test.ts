import { describe, expect, test } from 'vitest';
import { linkValidForMs } from '../../../../functions/domain/model/task.ts';
import { getResult } from '../../../../functions/domain/tasks/get-result.ts';
import type { Delivery } from '../../../../functions/domain/wire/deliver-picture.ts';
import { resultLink } from '../../../../functions/domain/wire/result-link.ts';
import { memoryResults, memoryStore, settableClock } from '../../../support/fakes.ts';
import type { StoredTask } from '../../../support/money.ts';
import { signingWith } from '../../../support/signing.ts';
import {
  completed,
  deleted,
  failed,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const secret = 'a signing secret';

function context(task?: StoredTask) {
  const store = memoryStore();
  if (task) store.put(task);
  const clock = settableClock(sampleTime);
  const get = getResult({
    tasks: store.tasks,
    results: memoryResults(),
    now: clock.now,
    keys: signingWith(secret),
    retentionDays: 30,
  });
  const expires = (sampleTime + linkValidForMs) / 1000;
  const { searchParams } = new URL(
    resultLink('https://api.example.com', secret, { taskId: sampleId, n: 1, expires }),
  );
  const params = {
    taskId: sampleId,
    n: '1',
    expires: String(expires),
    signature: searchParams.get('signature') ?? '',
  };
  return {
    clock,
    get: (link: typeof params, delivery: Delivery = 'redirect') => get(link, delivery),
    params,
  };
}

describe('302', () => {
  test('a valid link leads to the picture', async () => {
    const { get, params } = context(completed());

    expect(await get(params)).toEqual({
      redirectTo: `https://results.example.com/results/${sampleId}/1?name=${sampleId}-1`,
    });
  });

  test('no text of the request becomes part of the file name', async () => {
    const { get, params } = context(completed());

    expect(await get({ ...params, n: '\r\n01' })).toEqual({
      redirectTo: expect.stringMatching(/-1$/),
    });
  });
});

describe('200', () => {
  const ofBytes = (bytes: number) =>
    completed({ images: [{ key: `results/${sampleId}/1.png`, contentType: 'image/png', bytes }] });
  const maxBytes = 4 * 1024 * 1024;

  test('a picture of 4 MB is in the response to a client that sends its key along', async () => {
    const { get, params } = context(ofBytes(maxBytes));

    expect(await get(params, 'bytes')).toEqual({
      contentType: 'image/png',
      filename: `${sampleId}-1.png`,
      picture: Buffer.from(`the bytes of results/${sampleId}/1.png`),
    });
  });

  test('HEAD gets type and size of a picture, however large it is', async () => {
    const { get, params } = context(ofBytes(maxBytes + 1));

    expect(await get(params, 'description')).toEqual({
      contentType: 'image/png',
      filename: `${sampleId}-1.png`,
      picture: { length: maxBytes + 1 },
    });
  });

  test.each<Delivery>(['bytes', 'description'])(
    'a link that is not valid gives nothing as %s',
    async (delivery) => {
      const { get, params } = context(ofBytes(1));

      expect(await thrownBy(get({ ...params, signature: '' }, delivery))).toMatchObject({
        code: 'permission_denied',
      });
    },
  );

  test('a picture above 4 MB is refused to a client that sends its key along, with a link that needs none', async () => {
    const { get, params } = context(ofBytes(maxBytes + 1));

    expect(await thrownBy(get(params, 'bytes'))).toMatchObject({
      code: 'picture_too_large',
      status: 409,
      message:
        'This picture is larger than 4 MB: fetch it at the address in url, without the header Authorization, within five minutes.',
      details: {
        url: `https://results.example.com/results/${sampleId}/1.png?name=${sampleId}-1`,
      },
    });
  });
});

describe('403', () => {
  const invalidLink = {
    code: 'permission_denied',
    status: 403,
    param: undefined,
    message: 'This link is not valid, or not any more: read the task again to get fresh links.',
  };

  test.each([
    ['another image', { n: '2' }],
    ['no image', { n: '' }],
    ['another task', { taskId: 'task-unified-1757156493-00000000' }],
    ['a later expiry', { expires: '1957242893' }],
    ['no expiry', { expires: '' }],
    ['no signature', { signature: '' }],
  ])('a link with %s is rejected', async (_what, change) => {
    const { get, params } = context(completed());

    expect(await thrownBy(get({ ...params, ...change }))).toMatchObject(invalidLink);
  });

  test('an expired link is rejected', async () => {
    const { get, params, clock } = context(completed());
    clock.advance(linkValidForMs);

    expect(await thrownBy(get(params))).toMatchObject(invalidLink);
  });

  test.each<[string, StoredTask | undefined]>([
    ['is gone', undefined],
    ['is still being made', processing()],
    ['has failed', failed()],
    ['has fewer images', completed({ images: [] })],
  ])('a link to a task that %s is rejected', async (_what, task) => {
    const { get, params } = context(task);

    expect(await thrownBy(get(params))).toMatchObject(invalidLink);
  });
});

describe('410', () => {
  const day = 24 * 60 * 60 * 1000;
  const endedAgo = (milliseconds: number) => completed({ finishedAt: sampleTime - milliseconds });

  test('a picture that the bucket has deleted has expired, whoever has a fresh link to it', async () => {
    const { get, params } = context(endedAgo(30 * day));

    expect(await thrownBy(get(params))).toMatchObject({
      code: 'result_expired',
      status: 410,
      message:
        'This picture was deleted 30 days after the task had ended. Create the task again to get another one.',
    });
  });

  test('until then the link leads to the picture', async () => {
    const { get, params } = context(endedAgo(30 * day - 1));

    expect(await get(params)).toHaveProperty('redirectTo');
  });

  test('a picture whose task was deleted has expired at once', async () => {
    const { get, params } = context(deleted());

    expect(await thrownBy(get(params))).toMatchObject({
      code: 'result_expired',
      status: 410,
      message: 'This picture was deleted, together with its task.',
    });
  });

  test('a link that is not valid does not tell that there was a task', async () => {
    const { get, params } = context(deleted());

    expect(await thrownBy(get({ ...params, signature: '' }))).toMatchObject({ status: 403 });
  });

  test('a link that is not valid does not tell that there was a picture', async () => {
    const { get, params } = context(endedAgo(30 * day));

    expect(await thrownBy(get({ ...params, signature: '' }))).toMatchObject({ status: 403 });
  });
});
