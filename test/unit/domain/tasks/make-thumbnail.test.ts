import { expect, test } from 'vitest';
import { DecoderTimeout, makeThumbnail } from '../../../../functions/domain/tasks/thumbnails.ts';
import { sampleId } from '../../../support/tasks.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function setUp({ isDeleted = false, isDamaged = false, isSlow = false } = {}) {
  const stored: string[] = [];
  const failed: unknown[] = [];
  const gone: string[] = [];
  const make = makeThumbnail({
    shrink: async (whole) => {
      if (isDamaged) throw new Error('damaged');
      if (isSlow) throw new DecoderTimeout('timeout: 15s');
      return bytes(`small ${new TextDecoder().decode(whole)}`);
    },
    failed: (taskId, cause) => failed.push([taskId, String(cause)]),
    gone: (taskId) => gone.push(taskId),
  });
  const run = (
    storeThumbnail = async (jpeg: Uint8Array) => {
      stored.push(new TextDecoder().decode(jpeg));
    },
  ) =>
    make({
      taskId: sampleId,
      read: async () => (isDeleted ? undefined : bytes('picture')),
      storeThumbnail,
    });
  return { run, stored, failed, gone };
}

test('a picture gets its thumbnail', async () => {
  const { run, stored, failed } = setUp();

  await run();

  expect({ stored, failed }).toEqual({ stored: ['small picture'], failed: [] });
});

test('a picture that cannot be decoded has none, is counted, and is not tried again', async () => {
  const { run, stored, failed } = setUp({ isDamaged: true });

  await run();

  expect({ stored, failed }).toEqual({ stored: [], failed: [[sampleId, 'Error: damaged']] });
});

test('a picture that was deleted meanwhile has none, and that is no failure', async () => {
  const { run, stored, failed, gone } = setUp({ isDeleted: true });

  await run();

  expect({ stored, failed, gone }).toEqual({ stored: [], failed: [], gone: [sampleId] });
});

test('a decoder that was too slow is an error, so that another attempt is made', async () => {
  const { run, stored, failed } = setUp({ isSlow: true });

  await expect(run()).rejects.toThrow(DecoderTimeout);
  expect({ stored, failed }).toEqual({ stored: [], failed: [] });
});

test('a bucket that takes no thumbnail is an error, so that another attempt is made', async () => {
  const { run } = setUp();

  await expect(run(() => Promise.reject(new Error('SlowDown')))).rejects.toThrow('SlowDown');
});
