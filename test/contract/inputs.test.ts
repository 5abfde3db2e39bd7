import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fileKey, preparedKey, uploadKey } from '../../functions/adapters/aws/s3/bucket-keys.ts';
import {
  inputBucket,
  inputLinks,
  inputUploads,
} from '../../functions/adapters/aws/s3/input-bucket.ts';
import { maxInputBytes } from '../../functions/domain/model/catalogue.ts';
import type { Input } from '../../functions/domain/model/task.ts';
import { InputRejected } from '../../functions/domain/model/workflow-errors.ts';
import { InputProblem, inputErrorOf } from '../../functions/domain/tasks/input-problems.ts';
import { chunk, png } from '../support/pictures.ts';
import { pending } from '../support/tasks.ts';
import { serve } from '../unit/adapters/outbound/server.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { s3, s3Client } from './s3.ts';
import { bucketNames } from './template-resources.ts';

const Bucket = bucketNames.inputs;
const task = pending();
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const file = { kind: 'file', fileId: 'file-1' } as const;
const picture = png(640, 480, { before: [chunk('tEXt', randomBytes(300_000))] });
const options = { allowLoopback: true, maxBytes: maxInputBytes, userAgent: 'test' };

async function setUp() {
  const bucket = await s3();
  const inputs = inputBucket(bucket.client, Bucket, options);
  const stored = (index: number) => bucket.get({ Bucket, Key: preparedKey(task.id, index, 'png') });
  const store = async (input: Input) => {
    await using fetched = await inputs.fetch(task, 0, input);
    await fetched.store('png');
  };
  return { ...bucket, inputs, stored, store };
}

test.each([
  ['an upload', upload, uploadKey(task.id, 0)],
  ['a file', file, fileKey(task.account, 'file-1')],
])(
  'the copy of %s is what was fetched, with its own type, also when the form is used again',
  async (_, input, Key) => {
    const { inputs, stored, put } = await setUp();
    await put({ Bucket, Key }, picture, 'image/bmp');

    await using fetched = await inputs.fetch(task, 0, input);
    await put({ Bucket, Key }, 'something else');
    await fetched.store('png');

    expect(await stored(0)).toEqual({ type: 'image/png', bytes: picture });
  },
);

test.each([
  [
    'an upload that did not arrive',
    upload,
    'invalid_parameters',
    'did not arrive in time; create a new task and upload every picture with the form in the response',
  ],
  [
    'a file that does not exist',
    file,
    'image_processing_error',
    'was never uploaded, or longer than a day ago; upload it again',
  ],
])('%s is rejected', async (_, input, code, message) => {
  const { inputs } = await setUp();

  const problem: unknown = await inputs.fetch(task, 0, input).catch((thrown: unknown) => thrown);

  expect(problem).toBeInstanceOf(InputProblem);
  const error = problem instanceof InputProblem ? inputErrorOf(problem, 0, options) : problem;
  expect(error).toBeInstanceOf(InputRejected);
  expect(error).toMatchObject({ failure: { code, message } });
});

test('a fetched input can be read in parts, and leaves no file behind', async () => {
  const { inputs, put } = await setUp();
  await put({ Bucket, Key: uploadKey(task.id, 0) }, 'abcdefghij');
  const fetched = await inputs.fetch(task, 0, upload);
  const { size, read } = fetched.file;
  const textAt = (from: number, bytes: number) => Buffer.from(read(from, bytes)).toString();

  expect(size).toBe(10);
  expect([textAt(0, 4), textAt(4, 3), textAt(8, 64)]).toEqual(['abcd', 'efg', 'ij']);
  await fetched[Symbol.asyncDispose]();

  expect(() => read(0, 1)).toThrow('the file is closed');
});

test('the copies of a task are found with their formats, and only after they were stored', async () => {
  const { inputs, put, store } = await setUp();
  await put({ Bucket, Key: uploadKey(task.id, 0) }, picture);
  expect(await inputs.stored(task.id)).toEqual(new Map());

  await store(upload);

  expect(await inputs.stored(task.id)).toEqual(new Map([[0, 'png']]));
  expect(await inputs.stored('task-unified-1757156493-00000000')).toEqual(new Map());
});

test('the uploads of a task are found by the index of their input, and those of no other task', async () => {
  const { client, put } = await setUp();
  const { uploaded } = inputUploads(client, Bucket);
  const other = 'task-unified-1757156493-00000000';
  expect(await uploaded(task.id)).toEqual(new Set());

  await put({ Bucket, Key: uploadKey(task.id, 0) }, picture);
  await put({ Bucket, Key: uploadKey(task.id, 2) }, picture);
  await put({ Bucket, Key: uploadKey(other, 1) }, picture);
  await put({ Bucket, Key: preparedKey(task.id, 1, 'png') }, picture);

  expect(await uploaded(task.id)).toEqual(new Set([0, 2]));
  expect(await uploaded(other)).toEqual(new Set([1]));
});

test('a missing permission to list the uploads is an error', async () => {
  const { url } = await setUp();
  const refusing = await interceptingProxy(url, () => ({ response: { status: 403, body: {} } }));
  const { uploaded } = inputUploads(s3Client(refusing.url), Bucket);

  await expect(uploaded(task.id)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
});

test('a list of the uploads that S3 does not answer ends with an error', async () => {
  await using silent = await serve(() => undefined);
  const { uploaded } = inputUploads(s3Client(silent.url), Bucket, 50);

  await expect(uploaded(task.id)).rejects.toMatchObject({ name: 'AbortError' });
});

test('a missing permission to list the copies is an error', async () => {
  const { url } = await setUp();
  const refusing = await interceptingProxy(url, () => ({ response: { status: 403, body: {} } }));
  const inputs = inputBucket(s3Client(refusing.url), Bucket, options);

  await expect(inputs.stored(task.id)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
});

test('a stored picture above the limit of the catalogue is rejected', async () => {
  const { client, put } = await setUp();
  const inputs = inputBucket(client, Bucket, { ...options, maxBytes: 9 });
  await put({ Bucket, Key: uploadKey(task.id, 0) }, 'abcdefghij');

  await expect(inputs.fetch(task, 0, upload)).rejects.toMatchObject({
    problem: { reason: 'too-large' },
  });
});

test("another account's file is rejected like one that does not exist", async () => {
  const { inputs, put } = await setUp();
  await put({ Bucket, Key: fileKey('somebody-else', 'file-1') }, picture);

  await expect(inputs.fetch(task, 0, file)).rejects.toMatchObject({
    problem: { reason: 'missing-file' },
  });
});

test('a missing bucket is an error, and does not reject the input of the caller', async () => {
  const { client } = await setUp();
  const inputs = inputBucket(client, 'no-such-bucket', options);

  await expect(inputs.fetch(task, 0, upload)).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

test('a link opens the copy and nothing else, for half an hour', async () => {
  const { store, client, put } = await setUp();
  await put({ Bucket, Key: uploadKey(task.id, 0) }, picture);
  await store(upload);

  const link = await inputLinks(client, Bucket).link(task.id, 0, 'png');

  const download = await fetch(link);
  expect(download.status).toBe(200);
  expect(download.headers.get('content-type')).toBe('image/png');
  expect(new URL(link).pathname).toMatch(/0\.png$/);
  expect(Buffer.from(await download.arrayBuffer()).equals(picture)).toBe(true);
  expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('1800');
  expect((await fetch(link.replace('prepared', 'uploads'))).status).toBe(403);
});
