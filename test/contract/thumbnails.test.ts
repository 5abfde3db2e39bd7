import { expect, test } from 'vitest';
import {
  preparedKey,
  resultKey,
  thumbnailKey,
  uploadKey,
} from '../../functions/adapters/aws/s3/bucket-keys.ts';
import { objectLinks } from '../../functions/adapters/aws/s3/presign.ts';
import { storedThumbnails, taskPicture } from '../../functions/adapters/aws/s3/thumbnails.ts';
import { sampleId } from '../support/tasks.ts';
import { s3 } from './s3.ts';
import { bucketNames } from './template-resources.ts';

const { inputs, results } = bucketNames;
const jpeg = Buffer.from('a thumbnail');

test.each([
  ['a private copy', inputs, preparedKey(sampleId, 0, 'jpeg'), `thumbs/${sampleId}/0.jpeg`],
  ['an image', results, resultKey(sampleId, 2, 'webp'), `thumbs/${sampleId}/2.jpeg`],
])(
  'the thumbnail of %s lies beside it, as often as it is stored',
  async (_, Bucket, Key, thumbnail) => {
    const { client, put, get, keys } = await s3();
    await put({ Bucket, Key }, 'pixels');
    const picture = taskPicture(client, Bucket, Key);

    const bytes = await picture?.read();
    await picture?.storeThumbnail(jpeg);
    await picture?.storeThumbnail(jpeg);

    expect(Buffer.from(bytes ?? []).toString()).toBe('pixels');
    expect(await keys(Bucket)).toEqual([Key, thumbnail]);
    expect(await get({ Bucket, Key: thumbnail })).toEqual({ type: 'image/jpeg', bytes: jpeg });
  },
);

test.each([
  uploadKey(sampleId, 0),
  thumbnailKey(sampleId, 1),
  preparedKey(sampleId, 0),
  preparedKey(sampleId, 0, 'bmp'),
  `results/${sampleId}/more/1.png`,
  'results/someone/1.png',
  'results/1.png',
  '',
])('%s gets no thumbnail', async (key) => {
  const { client } = await s3();

  expect(taskPicture(client, results, key)).toBeUndefined();
});

test('a picture that was deleted is read as missing', async () => {
  const { client } = await s3();

  expect(await taskPicture(client, results, resultKey(sampleId, 1, 'png'))?.read()).toBeUndefined();
});

test('the links to the thumbnails of a task are those of its own, by their numbers, and work', async () => {
  const { client, put, url } = await s3();
  await put({ Bucket: results, Key: thumbnailKey(sampleId, 2) }, jpeg, 'image/jpeg');
  await put({ Bucket: results, Key: thumbnailKey(`${sampleId}0`, 1) }, jpeg, 'image/jpeg');
  await put({ Bucket: results, Key: resultKey(sampleId, 1, 'png') }, 'pixels');
  const link = objectLinks(client.config, { bucket: results, endpoint: url, expiresIn: 60 });
  const thumbnails = storedThumbnails(client, results, (key) => link(key, Date.now()));

  const links = await thumbnails.links(sampleId);

  expect([...links.keys()]).toEqual([2]);
  const response = await fetch(links.get(2) ?? '');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(jpeg);
});
