import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bucketsOf } from '../../local/aws/template/read-buckets.ts';
import { functionsOf } from '../../local/aws/template/read-functions.ts';
import { type Body, type TestStack, until, upload } from './open-stack.ts';
import { startStack } from './start-stack.ts';
import { storedPictures } from './stored-pictures.ts';
import { openThumbnailStack } from './thumbnail-stack.ts';

// Every picture of a task has a thumbnail, for as long as it has the picture.

let stack: TestStack;
let first: string;

beforeAll(async () => {
  stack = await openThumbnailStack();
  // The first task starts all functions.
  first = await completedTask();
}, 180_000);
afterAll(() => stack?.close());

const sample = readFileSync('cli/sample.jpg');
const request = {
  prompt: 'a small picture of it',
  n: 2,
  image_uploads: [{ content_type: 'image/jpeg' }],
};

async function completedTask(): Promise<string> {
  const { body: created } = await stack.create(request);
  await upload(created.uploads[0], sample);
  expect(await stack.endedTask(created.id)).toMatchObject({ status: 'completed' });
  return created.id;
}

async function thumbnailsOf(id: string, on = stack) {
  const body = { task_ids: [id], thumbnails: true };
  const response = await on.call('POST', '/v1/tasks/batch', body);
  return response.body.data[0]?.thumbnails;
}

const allThumbnails = (id: string): Promise<Body> =>
  until(
    () => thumbnailsOf(id),
    ({ inputs, results }) => [...inputs, ...results].every((link: unknown) => link !== null),
  );

const stored = (id: string) => storedPictures(stack, id);
const thumbnailKeys = (id: string) => [0, 1, 2].map((number) => `thumbs/${id}/${number}.jpeg`);

test('a task has links to a small JPEG of each input and image, in a batch that asks for them and nowhere else', async () => {
  const id = first;

  const { inputs, results } = await allThumbnails(id);

  expect([inputs.length, results.length]).toEqual([1, 2]);
  for (const link of [...inputs, ...results]) {
    const response = await fetch(link);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const { format, width, height } = await sharp(await response.arrayBuffer()).metadata();
    expect([format, Math.max(width, height)]).toEqual(['jpeg', 320]);
  }
  const others = await Promise.all([
    stack.call('GET', `/v1/tasks/${id}`),
    stack.call('POST', '/v1/tasks/batch', { task_ids: [id] }),
    stack.call('POST', '/v1/tasks/batch', { task_ids: [id], thumbnails: false }),
    stack.call('GET', '/v1/tasks'),
  ]);
  expect(others.map(({ body }) => JSON.stringify(body).includes('thumbnails'))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('thumbnails are deleted with their task', async () => {
  const id = await completedTask();
  const { results } = await allThumbnails(id);
  expect(await stored(id)).toEqual(expect.arrayContaining(thumbnailKeys(id)));

  const { status } = await stack.call('DELETE', `/v1/tasks/${id}`);

  expect(status).toBe(200);
  expect(await stored(id)).toEqual([]);
  expect((await fetch(results[0])).status).toBeGreaterThanOrEqual(400);
});

test('an event that comes twice changes nothing, and one about a deleted picture makes nothing', async () => {
  const id = await completedTask();
  await allThumbnails(id);
  const before = await stored(id);
  const bucket = bucketsOf(stack.context).find(({ name }) => name.includes('results'));
  const make = functionsOf(stack.context).find(
    ({ description }) => description === 'events/make-thumbnail',
  );
  const key = before.find((one) => one.startsWith('results/'));
  const repeat = () =>
    stack.lambda.invoke(make?.arn ?? '', {
      Records: [{ s3: { bucket: { name: bucket?.name }, object: { key } } }],
    });

  expect(await repeat()).toMatchObject({ ok: true });
  expect(await stored(id)).toEqual(before);

  await stack.call('DELETE', `/v1/tasks/${id}`);
  expect(await repeat()).toMatchObject({ ok: true });
  expect(await stored(id)).toEqual([]);
});

test('a stack that makes no thumbnails has no function for them, and no field about them', async () => {
  const plain = await startStack();
  const { body: created } = await plain.create(request);
  await upload(created.uploads[0], sample);
  await plain.endedTask(created.id);

  expect(await thumbnailsOf(created.id, plain)).toBeUndefined();
  const functions = functionsOf(plain.context).map(({ description }) => description);
  expect(functions.length).toBeGreaterThan(20);
  expect(functions).not.toContain('events/make-thumbnail');
  await plain.close();
});
