import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fileKey, preparedKey, uploadKey } from '../../functions/aws/bucket-keys.ts';
import { inputBucket } from '../../functions/aws/input-bucket.ts';
import { inputLinks } from '../../functions/aws/input-links.ts';
import { InputRefused } from '../../functions/task/failures.ts';
import { pending } from '../support/tasks.ts';
import { front } from './front.ts';
import { s3, s3Client } from './s3.ts';
import { bucketOf } from './stage.ts';

const Bucket = bucketOf.inputs;
const task = pending();
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const file = { kind: 'file', fileId: 'file-1' } as const;
const picture = randomBytes(300_000);

async function world() {
  const bucket = await s3();
  const inputs = inputBucket(bucket.client, Bucket, { loopback: true });
  const kept = (index: number) => bucket.get({ Bucket, Key: preparedKey(task.id, index) });
  return { ...bucket, inputs, kept };
}

test.each([
  ['an upload', upload, uploadKey(task.id, 0)],
  ['a file', file, fileKey(task.account, 'file-1')],
])('keeps a copy of %s that stays when the form is used again', async (_, input, Key) => {
  const { inputs, kept, put } = await world();
  await put({ Bucket, Key }, picture);

  await inputs.keep(task, 0, input);
  await put({ Bucket, Key }, 'something else');

  expect(await kept(0)).toEqual({ type: 'image/png', bytes: picture });
});

test.each([
  [
    'an upload that never came',
    upload,
    'invalid_parameters',
    'did not arrive in time; create a new task and upload every picture with the form in its answer',
  ],
  [
    'a file that is gone',
    file,
    'image_processing_error',
    'was never uploaded, or longer than a day ago; upload it again',
  ],
])('refuses %s', async (_, input, code, message) => {
  const { inputs } = await world();

  const refusal: unknown = await inputs.keep(task, 0, input).catch((thrown: unknown) => thrown);

  expect(refusal).toBeInstanceOf(InputRefused);
  expect(refusal).toMatchObject({ failure: { code, message } });
});

test('knows which copies there are, and of whose', async () => {
  const { inputs, put } = await world();
  await put({ Bucket, Key: uploadKey(task.id, 0) }, picture);
  expect(await inputs.has(task.id, 0)).toBe(false);

  await inputs.keep(task, 0, upload);

  expect(await inputs.has(task.id, 0)).toBe(true);
  expect(await inputs.has(task.id, 1)).toBe(false);
  expect(await inputs.has('task-unified-1757156493-00000000', 0)).toBe(false);
});

test('a bucket that cannot be asked which copies there are is an error', async () => {
  const { url } = await world();
  const refusing = await front(url, () => ({ answer: { status: 403, body: {} } }));
  const inputs = inputBucket(s3Client(refusing.url), Bucket, {});

  await expect(inputs.has(task.id, 0)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
});

test("refuses another account's file as one that is not there", async () => {
  const { inputs, put } = await world();
  await put({ Bucket, Key: fileKey('somebody-else', 'file-1') }, picture);

  await expect(inputs.keep(task, 0, file)).rejects.toBeInstanceOf(InputRefused);
});

test('what is wrong with the bucket is not the fault of the caller', async () => {
  const { client } = await world();
  const inputs = inputBucket(client, 'no-such-bucket', {});

  await expect(inputs.keep(task, 0, upload)).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

test('reads a piece of the copy, and tells how long it is', async () => {
  const { inputs, put } = await world();
  await put({ Bucket, Key: preparedKey(task.id, 2) }, 'abcdefghij');
  const read = async (start: number, count: number) => {
    const { bytes, size } = await inputs.read(task.id, 2, start, count);
    return [Buffer.from(bytes).toString(), size];
  };

  expect(await read(0, 4)).toEqual(['abcd', 10]);
  expect(await read(4, 3)).toEqual(['efg', 10]);
  expect(await read(8, 64)).toEqual(['ij', 10]);
  expect(await read(0, 64)).toEqual(['abcdefghij', 10]);
});

test('links to the copy, for half an hour and to nothing else', async () => {
  const { inputs, client, put } = await world();
  await put({ Bucket, Key: uploadKey(task.id, 0) }, picture);
  await inputs.keep(task, 0, upload);

  const link = await inputLinks(client, Bucket).link(task.id, 0);

  const answer = await fetch(link);
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer()).equals(picture)).toBe(true);
  expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('1800');
  expect((await fetch(link.replace('prepared', 'uploads'))).status).toBe(403);
});
