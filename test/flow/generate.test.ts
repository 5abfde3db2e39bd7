import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bmp } from '../support/pictures.ts';
import { type Receiver, servePictures } from './receiver.ts';
import { painted, painting, startWorld, until, upload, type World } from './world.ts';

const sample = readFileSync('cli/sample.jpg');
const prompt = 'Replace the background with a starry sky';
const size = '768x768'; // quick to paint

let world: World;
let pictures: Receiver;

beforeAll(async () => {
  const blue = await sharp({ create: { width: 400, height: 400, channels: 3, background: 'blue' } })
    .png()
    .toBuffer();
  pictures = await servePictures({ '/sample.jpg': sample, '/blue.png': blue });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});

test('a picture by address becomes an edited picture of our own, and is paid once', async () => {
  const before = await world.account();

  const created = await world.create({ prompt, size, image_urls: [`${pictures.url}/sample.jpg`] });
  const task = await world.ended(created.body.id);

  expect(created.status).toBe(200);
  expect(created.body).toEqual({
    created: expect.any(Number),
    id: expect.stringMatching(/^task-unified-\d{10}-[a-z0-9]{8}$/),
    model: 'wan2.5-image-to-image',
    object: 'image.generation.task',
    progress: 0,
    status: 'pending',
    task_info: { can_cancel: true, estimated_time: 8 },
    type: 'image',
    usage: { billing_rule: 'per_call', credits_reserved: 1.2, user_group: 'default' },
  });
  expect(task).toEqual({
    created: created.body.created,
    id: created.body.id,
    model: 'wan2.5-image-to-image',
    object: 'image.generation.task',
    progress: 100,
    results: [
      expect.stringMatching(`^${world.url}/v1/results/${task.id}/1\\?expires=\\d+&signature=`),
    ],
    status: 'completed',
    task_info: { can_cancel: false },
    type: 'image',
    usage: { billing_rule: 'per_call', credits_used: 1.2, user_group: 'default' },
  });
  const result = await fetch(task.results[0]);
  expect(result.headers.get('content-type')).toBe('image/png');
  const { width, height, format } = await sharp(await result.arrayBuffer()).metadata();
  expect({ width, height, format }).toEqual({ width: 768, height: 768, format: 'png' });
  const after = await world.account();
  expect(before['balance']).toBe((after['balance'] ?? 0) + 1200);
  expect(after).toMatchObject({ reserved: 0, used: (before['used'] ?? 0) + 1200 });
});

test('the arrival of the last upload starts the work, and not before', async () => {
  const image_uploads = [{ content_type: 'image/jpeg' }, { content_type: 'image/jpeg' }];
  const { body } = await world.create({ prompt, size, image_uploads });
  const [first, second] = body.uploads;
  expect(first).toEqual({
    method: 'POST',
    url: expect.stringContaining('http://127.0.0.1:'),
    fields: expect.objectContaining({ key: `uploads/${body.id}/0`, 'Content-Type': 'image/jpeg' }),
    expires_at: body.created + 15 * 60,
  });

  expect(await upload(second, sample)).toBe(204);
  await until(
    () => world.dynamoItem(body.id),
    (row) => row['arrived'] !== undefined,
  );
  expect(world.transitions.filter(({ execution }) => execution === body.id)).toEqual([]);
  expect(await upload(first, sample)).toBe(204);

  expect(await world.ended(body.id)).toMatchObject({ status: 'completed' });
});

test('an upload that is not what its form promised is refused by the bucket', async () => {
  const { body } = await world.create({ prompt, image_uploads: [{ content_type: 'image/png' }] });
  const [form] = body.uploads;
  const asGif = { ...form, fields: { ...form.fields, 'Content-Type': 'image/gif' } };
  const elsewhere = { ...form, fields: { ...form.fields, key: 'uploads/somebody-else/0' } };

  expect(await upload(asGif, sample)).toBe(403);
  expect(await upload(elsewhere, sample)).toBe(403);
  expect(await upload(form, new Uint8Array(10 * 1024 * 1024 + 1))).toBe(400);
  expect(await upload(form, new Uint8Array())).toBe(400);
});

test('two inputs reach the provider in their order, with every wish', async () => {
  const image_urls = [`${pictures.url}/sample.jpg`, `${pictures.url}/blue.png`];
  const wishes = { seed: 7, watermark: true, prompt_extend: false, negative_prompt: 'people' };
  const { body } = await world.create({ prompt: 'Two inputs', size, image_urls, ...wishes });

  expect(await world.ended(body.id)).toMatchObject({ status: 'completed' });
  const { jobs } = await painted(world);
  expect(jobs).toContainEqual(expect.objectContaining({ prompt: 'Two inputs', images: 2, n: 1 }));
});

test('four images are asked for, kept, linked and charged', async () => {
  const { body } = await world.create({
    prompt,
    size,
    n: 4,
    image_urls: [`${pictures.url}/blue.png`],
  });
  const task = await world.ended(body.id);

  expect(body.usage.credits_reserved).toBe(4.8);
  expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 4.8 } });
  const files = await Promise.all(
    task.results.map(async (url: string) => (await fetch(url)).bytes()),
  );
  expect(new Set(files.map((file) => Buffer.from(file).toString('base64'))).size).toBe(4);
});

test('what was not made is not charged, and says why', async () => {
  painting(world, { outcome: 'partial' });
  const before = await world.account();

  const { body } = await world.create({
    prompt,
    size,
    n: 3,
    image_urls: [`${pictures.url}/blue.png`],
  });
  const task = await world.ended(body.id);

  expect(task).toMatchObject({
    status: 'completed',
    usage: { credits_used: 2.4 },
    result_errors: [
      { code: 'generation_timeout', type: 'task_error', message: expect.any(String) },
    ],
  });
  expect(task.results).toHaveLength(2);
  const after = await world.account();
  expect(after['reserved']).toBe(before['reserved']);
  expect(after['balance']).toBe((before['balance'] ?? 0) - 2400);
});

test('a file that was uploaded before is an input like any other', async () => {
  const { status, body: file } = await world.call('POST', '/v1/files', {
    content_type: 'image/bmp',
  });
  const picture = Buffer.concat([bmp(400, 400), Buffer.alloc(400 * 400 * 3, 200)]);
  expect(status).toBe(200);
  expect(await upload(file.upload, picture)).toBe(204);

  const { body } = await world.create({ prompt, size, image_urls: [file.url] });

  expect(await world.ended(body.id)).toMatchObject({ status: 'completed' });
});

test('metadata comes back with the task, from creation to the end', async () => {
  const metadata = { order: '4711', "it's": '🌌' };
  const { body } = await world.create({
    prompt,
    size,
    metadata,
    image_urls: [`${pictures.url}/blue.png`],
  });

  expect(body.metadata).toEqual(metadata);
  expect((await world.ended(body.id)).metadata).toEqual(metadata);
});

test('a repeated request is the same task, a changed one is a conflict', async () => {
  const headers = { 'idempotency-key': 'order-4711-attempt' };
  const request = { prompt, size, image_urls: [`${pictures.url}/blue.png`] };

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => world.create(request, headers)),
  );
  const other = await world.create({ ...request, n: 2 }, headers);

  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(
    answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true'),
  ).toHaveLength(4);
  expect(other).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
});

test('tasks are listed the newest first, page by page, and read together by their ids', async () => {
  const image_urls = [`${pictures.url}/blue.png`];
  const { body: older } = await world.create({ prompt, size, image_urls });
  const task = await world.ended(older.id);
  const { body: newer } = await world.create({
    ...{ prompt, image_uploads: [{ content_type: 'image/png' }] },
  });

  const { body: first } = await world.call('GET', '/v1/tasks?limit=1');
  const { body: second } = await world.call('GET', `/v1/tasks?limit=1&cursor=${first.next_cursor}`);
  const task_ids = [older.id, newer.id, 'task-unified-1757156493-imcg5zqt'];
  const { body: batch } = await world.call('POST', '/v1/tasks/batch', { task_ids });

  expect(first.data).toMatchObject([{ id: newer.id, status: 'pending', duration: null }]);
  expect(second.data).toEqual([
    {
      ...{ id: older.id, model: 'wan2.5-image-to-image', type: 'image', status: 'completed' },
      ...{ progress: 100, created_at: older.created, duration: expect.any(Number) },
      ...{ has_results: true, result_count: 1, has_error: false, credits_used: 1.2 },
    },
  ]);
  expect(batch.data).toMatchObject([
    { ...task, results: [expect.stringContaining(older.id)] },
    { id: newer.id, status: 'pending' },
  ]);
});

test('the link to a result is a good input for the next task', async () => {
  const first = await world.create({ prompt, size, image_urls: [`${pictures.url}/blue.png`] });
  const { results } = await world.ended(first.body.id);

  const next = await world.create({ prompt: 'As a pencil sketch', size, image_urls: results });

  expect(await world.ended(next.body.id)).toMatchObject({ status: 'completed' });
});
