import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import {
  fileKey,
  preparedKey,
  resultKey,
  thumbnailKey,
  uploadKey,
} from '../../functions/adapters/aws/s3/bucket-keys.ts';
import { taskPictures } from '../../functions/adapters/aws/s3/task-pictures.ts';
import { sampleId } from '../support/tasks.ts';
import { s3 } from './s3.ts';
import { bucketNames } from './template-resources.ts';

const { inputs, results } = bucketNames;
/** This id begins with the sample's id, so a prefix without a slash at its end would match it. */
const otherId = `${sampleId}0`;

const picturesOf = (taskId: string) => [
  { Bucket: inputs, Key: uploadKey(taskId, 0) },
  { Bucket: inputs, Key: uploadKey(taskId, 1) },
  { Bucket: inputs, Key: preparedKey(taskId, 0, 'png') },
  { Bucket: inputs, Key: preparedKey(taskId, 1) },
  { Bucket: inputs, Key: thumbnailKey(taskId, 0) },
  { Bucket: results, Key: resultKey(taskId, 1, 'png') },
  { Bucket: results, Key: resultKey(taskId, 4, 'webp') },
  { Bucket: results, Key: thumbnailKey(taskId, 1) },
];

async function setUp({ versioned = false } = {}) {
  const bucket = await s3({ versioned });
  const put = (locations: readonly { Bucket: string; Key: string }[]) =>
    Promise.all(locations.map((location) => bucket.put(location, 'pixels')));
  return {
    ...bucket,
    put,
    pictures: taskPictures(bucket.client, { inputs, results }),
    allVersions: async () => [
      ...(await bucket.versions(inputs)),
      ...(await bucket.versions(results)),
    ],
  };
}

test('all pictures of a task are deleted, and no other: neither those of another task nor files for later', async () => {
  const { pictures, put, allVersions } = await setUp();
  const file = { Bucket: inputs, Key: fileKey('default', 'file-1') };
  const others = [...picturesOf(otherId), file];
  await put([...picturesOf(sampleId), ...others]);

  await pictures.deleteAll(sampleId);

  expect((await allVersions()).toSorted()).toEqual(others.map(({ Key }) => Key).toSorted());
});

test('a task without pictures has nothing to delete, also the second time', async () => {
  const { pictures, put, allVersions } = await setUp();
  await put(picturesOf(sampleId));

  await pictures.deleteAll(sampleId);
  await pictures.deleteAll(sampleId);

  expect(await allVersions()).toEqual([]);
});

test('in a bucket with versions all of them are deleted, also those that are hidden already', async () => {
  const { pictures, put, remove, allVersions } = await setUp({ versioned: true });
  const all = picturesOf(sampleId);
  await put(all);
  await put(all);
  for (const location of all) await remove(location);
  await put(picturesOf(otherId));
  expect(await allVersions()).toHaveLength(3 * all.length + all.length);

  await pictures.deleteAll(sampleId);

  expect(await allVersions()).toHaveLength(all.length);
  expect((await allVersions()).filter((key) => !key.includes(otherId))).toEqual([]);
});

test('more objects than a page of the list has are deleted', async () => {
  const { pictures, client, allVersions } = await setUp();
  await putMany(client, 105);

  await pictures.deleteAll(sampleId);

  expect(await allVersions()).toEqual([]);
});

async function putMany(client: S3Client, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const Key = `${uploadKey(sampleId, 0)}-${n}`;
    await client.send(new PutObjectCommand({ Bucket: inputs, Key, Body: 'x' }));
  }
}
