import { expect, test } from 'vitest';
import { fileKey, preparedKey, uploadKey, uploadOf } from '../../functions/aws/bucket-keys.ts';
import { uploadForms } from '../../functions/aws/upload-form.ts';
import type { UploadForm } from '../../functions/task/view.ts';
import { sampleId } from '../support/tasks.ts';
import { s3 } from './s3.ts';
import { bucketOf } from './stage.ts';

const Bucket = bucketOf.inputs;
const Key = uploadKey(sampleId, 1);
const mostBytes = 10 * 1024 * 1024;

async function world() {
  const clock = { skewMs: 0 };
  const bucket = await s3({ now: () => Date.now() + clock.skewMs });
  const form = await uploadForms(bucket.client, Bucket)(Key, 'image/png', 1000);
  return { ...bucket, clock, form };
}

function send(
  { url, fields }: UploadForm,
  bytes: string | Buffer,
  changes: Record<string, string> = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(Buffer.from(bytes))]), 'cat.png');
  return fetch(url, { method: 'POST', body: form });
}

test('a form uploads one picture to its place, under its type', async () => {
  const { form, get } = await world();

  const { status } = await send(form, 'pixels');

  expect(status).toBe(204);
  expect(await get({ Bucket, Key })).toEqual({ type: 'image/png', bytes: Buffer.from('pixels') });
});

test('a form says for how long it is good, and is no longer', async () => {
  const { form, clock } = await world();

  clock.skewMs = 14 * 60_000;
  const inTime = await send(form, 'pixels');
  clock.skewMs = 15 * 60_000 + 1000;
  const tooLate = await send(form, 'pixels');

  expect(form.expiresAt).toBe(1000 + 15 * 60_000);
  expect([inTime.status, tooLate.status]).toEqual([204, 403]);
});

test('a form takes a picture of 10 MB', async () => {
  const { form } = await world();

  expect((await send(form, Buffer.alloc(mostBytes))).status).toBe(204);
});

test.each<[string, string | Buffer, Record<string, string>, number]>([
  ['a byte too much', Buffer.alloc(mostBytes + 1), {}, 400],
  ['an empty file', '', {}, 400],
  ['another type', 'pixels', { 'Content-Type': 'image/gif' }, 403],
  ["another task's place", 'pixels', { key: uploadKey(`${sampleId}x`, 0) }, 403],
  ['a field of its own', 'pixels', { 'x-amz-meta-role': 'admin' }, 403],
])('a form with %s is refused and leaves nothing behind', async (_, bytes, changes, status) => {
  const { form, keys } = await world();

  const answer = await send(form, bytes, changes);

  expect(answer.status).toBe(status);
  expect(await keys(Bucket)).toEqual([]);
});

test('an upload is announced, and its key says which input of which task it is', async () => {
  const { form, notified, put } = await world();
  await put({ Bucket, Key: fileKey('default', 'file-1') }, 'pixels');
  await put({ Bucket, Key: preparedKey(sampleId, 1) }, 'pixels');

  await send(form, 'pixels');

  expect(notified.map((key) => uploadOf(key))).toEqual([{ taskId: sampleId, index: 1 }]);
});
