import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bmp } from '../support/pictures.ts';
import { mockProviderState, type TestStack, until, upload } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';

const sample = readFileSync('cli/sample.jpg');
const prompt = 'Replace the background with a starry sky';
const size = '768x768'; // quick to generate

let stack: TestStack;
let imageServer: Receiver;

beforeAll(async () => {
  const blue = await sharp({ create: { width: 400, height: 400, channels: 3, background: 'blue' } })
    .png()
    .toBuffer();
  imageServer = await serveImages({ '/sample.jpg': sample, '/blue.png': blue });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});

test('an image given by URL is edited, stored, linked, and charged once', async () => {
  const before = await stack.account();

  const created = await stack.create({
    prompt,
    size,
    image_urls: [`${imageServer.url}/sample.jpg`],
  });
  const task = await stack.endedTask(created.body.id);

  expect(created.status).toBe(200);
  expect(created.body).toEqual({
    created: expect.any(Number),
    id: expect.stringMatching(/^task-unified-\d{10}-[a-z0-9]{8}$/),
    model: 'wan2.5-image-to-image',
    object: 'image.generation.task',
    progress: 0,
    status: 'pending',
    task_info: { can_cancel: true, estimated_time: 4 },
    type: 'image',
    livemode: true,
    usage: { billing_rule: 'per_call', credits_reserved: 1.2, user_group: 'default' },
  });
  // The other fields of a task are tested in callbacks.test.ts.
  const { completed_at, created_at, started_at, expires_at, events, key, request, ...published } =
    task;
  expect(created_at).toBe(created.body.created);
  expect(published).toEqual({
    created: created.body.created,
    id: created.body.id,
    model: 'wan2.5-image-to-image',
    object: 'image.generation.task',
    progress: 100,
    results: [
      expect.stringMatching(`^${stack.url}/v1/results/${task.id}/1\\?expires=\\d+&signature=`),
    ],
    status: 'completed',
    task_info: { can_cancel: false },
    type: 'image',
    livemode: true,
    usage: {
      billing_rule: 'per_call',
      credits_reserved: 1.2,
      credits_used: 1.2,
      credits_returned: 0,
      user_group: 'default',
    },
  });
  const result = await fetch(task.results[0]);
  expect(result.headers.get('content-type')).toBe('image/png');
  const { width, height, format } = await sharp(await result.arrayBuffer()).metadata();
  expect({ width, height, format }).toEqual({ width: 768, height: 768, format: 'png' });
  const after = await stack.account();
  expect(before.balance).toBe(after.balance + 1200);
  expect(after).toMatchObject({ reserved: 0, used: before.used + 1200 });
});

test('the workflow starts when the last upload has arrived, and not before', async () => {
  const image_uploads = [{ content_type: 'image/jpeg' }, { content_type: 'image/jpeg' }];
  const { body } = await stack.create({ prompt, size, image_uploads });
  const [first, second] = body.uploads;
  expect(first).toEqual({
    method: 'POST',
    url: expect.stringContaining('http://127.0.0.1:'),
    fields: expect.objectContaining({ key: `uploads/${body.id}/0`, 'Content-Type': 'image/jpeg' }),
    expires_at: policyExpiration(first),
    index: 0,
  });
  // The form is signed after the task is created, at most when its response is there.
  expect(first.expires_at).toBeGreaterThanOrEqual(body.created + 15 * 60);
  expect(first.expires_at).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 15 * 60);

  expect(await upload(second, sample)).toBe(204);
  await until(
    () => stack.taskItem(body.id),
    (item) => item['arrived'] !== undefined,
  );
  expect(stack.executionEvents.filter(({ execution }) => execution === body.id)).toEqual([]);
  expect(await upload(first, sample)).toBe(204);

  expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
});

test('the bucket refuses an upload with another type, key or size than its form allows', async () => {
  const { body } = await stack.create({ prompt, image_uploads: [{ content_type: 'image/png' }] });
  const [form] = body.uploads;
  const asGif = { ...form, fields: { ...form.fields, 'Content-Type': 'image/gif' } };
  const elsewhere = { ...form, fields: { ...form.fields, key: 'uploads/another-task/0' } };

  expect(await upload(asGif, sample)).toBe(403);
  expect(await upload(elsewhere, sample)).toBe(403);
  expect(await upload(form, new Uint8Array(10 * 1024 * 1024 + 1))).toBe(400);
  expect(await upload(form, new Uint8Array())).toBe(400);
});

test('a task with two inputs and every option completes, and the provider gets both images', async () => {
  const image_urls = [`${imageServer.url}/sample.jpg`, `${imageServer.url}/blue.png`];
  const options = { seed: 7, watermark: true, prompt_extend: false, negative_prompt: 'people' };
  const { body } = await stack.create({ prompt: 'Two inputs', size, image_urls, ...options });

  expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  const { jobs } = await mockProviderState(stack);
  expect(jobs).toContainEqual(expect.objectContaining({ prompt: 'Two inputs', images: 2, n: 1 }));
});

test('four images are generated, stored, linked and charged', async () => {
  const { body } = await stack.create({
    prompt,
    size,
    n: 4,
    image_urls: [`${imageServer.url}/blue.png`],
  });
  const task = await stack.endedTask(body.id);

  expect(body.usage.credits_reserved).toBe(4.8);
  expect(task).toMatchObject({ status: 'completed', usage: { credits_used: 4.8 } });
  const files = await Promise.all(
    task.results.map(async (url: string) => (await fetch(url)).bytes()),
  );
  expect(new Set(files.map((file) => Buffer.from(file).toString('base64'))).size).toBe(4);
});

test('an image that was not generated is not charged, and result_errors says why', async () => {
  controlProvider(stack, { outcome: 'partial' });
  const before = await stack.account();

  const { body } = await stack.create({
    prompt,
    size,
    n: 3,
    image_urls: [`${imageServer.url}/blue.png`],
  });
  const task = await stack.endedTask(body.id);

  expect(task).toMatchObject({
    status: 'completed',
    usage: { credits_used: 2.4 },
    result_errors: [
      { code: 'generation_timeout', type: 'task_error', message: expect.any(String) },
    ],
  });
  expect(task.results).toHaveLength(2);
  const after = await stack.account();
  expect(after.reserved).toBe(before.reserved);
  expect(after.balance).toBe(before.balance - 2400);
});

test('a file that was uploaded before can be an input', async () => {
  const { status, body: file } = await stack.call('POST', '/v1/files', {
    content_type: 'image/bmp',
  });
  const picture = Buffer.concat([bmp(400, 400), Buffer.alloc(400 * 400 * 3, 200)]);
  expect(status).toBe(200);
  expect(await upload(file.upload, picture)).toBe(204);

  const { body } = await stack.create({ prompt, size, image_urls: [file.url] });

  expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
});

test('metadata is returned with the task, from its creation to its end', async () => {
  const metadata = { order: '4711', "it's": '🌌' };
  const { body } = await stack.create({
    prompt,
    size,
    metadata,
    image_urls: [`${imageServer.url}/blue.png`],
  });

  expect(body.metadata).toEqual(metadata);
  expect((await stack.endedTask(body.id)).metadata).toEqual(metadata);
});

test('a repeated request returns the same task, and a changed one is refused with 409', async () => {
  const headers = { 'idempotency-key': 'order-4711-attempt' };
  const request = { prompt, size, image_urls: [`${imageServer.url}/blue.png`] };

  const responses = await Promise.all(
    Array.from({ length: 5 }, () => stack.create(request, headers)),
  );
  const changed = await stack.create({ ...request, n: 2 }, headers);

  expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
  expect(
    responses.filter(({ headers }) => headers.get('idempotency-replayed') === 'true'),
  ).toHaveLength(4);
  expect(changed).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
});

test('tasks are listed newest first, page by page, and read as a batch by their ids', async () => {
  const image_urls = [`${imageServer.url}/blue.png`];
  const { body: older } = await stack.create({ prompt, size, image_urls });
  const task = await stack.endedTask(older.id);
  const { body: newer } = await stack.create({
    prompt,
    image_uploads: [{ content_type: 'image/png' }],
  });

  const { body: first } = await stack.call('GET', '/v1/tasks?limit=1');
  const { body: second } = await stack.call('GET', `/v1/tasks?limit=1&cursor=${first.next_cursor}`);
  const task_ids = [older.id, newer.id, 'task-unified-1757156493-imcg5zqt'];
  const { body: batch } = await stack.call('POST', '/v1/tasks/batch', { task_ids });

  expect(first.data).toMatchObject([{ id: newer.id, status: 'pending', duration: null }]);
  expect(second.data).toEqual([
    {
      id: older.id,
      model: 'wan2.5-image-to-image',
      type: 'image',
      status: 'completed',
      progress: 100,
      created_at: older.created,
      duration: expect.any(Number),
      has_results: true,
      result_count: 1,
      has_error: false,
      credits_reserved: 1.2,
      credits_used: 1.2,
      livemode: true,
      prompt_start: prompt,
      key: { id: expect.stringMatching(/^key-/), name: expect.any(String) },
    },
  ]);
  expect(batch.data).toMatchObject([
    // A batch has no links to the inputs.
    { ...task, request: { prompt }, results: [expect.stringContaining(older.id)] },
    { id: newer.id, status: 'pending' },
  ]);
});

test('the link to a result can be the input of the next task', async () => {
  const first = await stack.create({ prompt, size, image_urls: [`${imageServer.url}/blue.png`] });
  const { results } = await stack.endedTask(first.body.id);

  const next = await stack.create({ prompt: 'As a pencil sketch', size, image_urls: results });

  expect(await stack.endedTask(next.body.id)).toMatchObject({ status: 'completed' });
});

// When the signed policy of an upload form expires, in unix seconds.
function policyExpiration({ fields }: { fields: Record<string, string> }): number {
  const { expiration } = JSON.parse(Buffer.from(fields['Policy'] ?? '', 'base64').toString());
  return Date.parse(expiration) / 1000;
}
