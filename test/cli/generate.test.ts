import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cliContext, jpegBytes, key, pngBytes } from './cli-context.ts';
import { taskError, taskId } from './task-responses.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('a picture file', () => {
  test('is uploaded, and the result of its task is saved', async () => {
    const { api, generate, out, updates } = await cliContext({
      polls: [
        { status: 'pending', progress: 0 },
        { status: 'processing', progress: 42 },
        { status: 'completed' },
      ],
    });

    const generated = await generate({
      request: { prompt: 'stars', n: 1, model: 'wan2.5-image-to-image' },
    });

    const file = join(out, `${taskId}-1.png`);
    expect(generated).toEqual({
      id: taskId,
      files: [file],
      seconds: 2,
      credits: 1.2,
      missing: [],
    });
    expect(await readFile(file, 'utf8')).toBe('generated image');
    expect(updates).toEqual([
      { stage: 'uploading' },
      { stage: 'queued' },
      { stage: 'generating', percent: 42 },
      { stage: 'saving' },
    ]);
    expect(json(api.calls('/v1/images')[0]?.body)).toEqual({
      model: 'wan2.5-image-to-image',
      prompt: 'stars',
      n: 1,
      image_uploads: [{ content_type: 'image/jpeg' }],
    });
  });

  test('comes last in its form, unchanged', async () => {
    const { api, generate } = await cliContext();

    await generate();

    const [upload] = api.calls('/storage');
    const form = await new Response(upload?.body, {
      headers: { 'content-type': upload?.headers['content-type'] ?? '' },
    }).formData();
    expect([...form.keys()]).toEqual(['Content-Type', 'key', 'Policy', 'file']);
    const file = form.get('file');
    expect(file).toMatchObject({ type: 'image/jpeg', name: 'picture' });
    expect(Buffer.from(await new Response(file).arrayBuffer())).toEqual(jpegBytes);
  });

  test('gets its content type from its first bytes, not from its name', async () => {
    const { api, generate, photo, write } = await cliContext();
    const misnamed = await write('picture.webp', pngBytes);

    await generate({ pictures: [photo, misnamed] });

    const { image_uploads } = json(api.calls('/v1/images')[0]?.body);
    expect(image_uploads).toEqual([{ content_type: 'image/jpeg' }, { content_type: 'image/png' }]);
    expect(api.calls('/storage')).toHaveLength(2);
  });
});

test('a repeated create sends the picture that has not arrived, and not the one that has', async () => {
  const { api, generate, photo, write } = await cliContext({ arrived: [0] });
  const other = await write('other.png', pngBytes);

  await generate({ pictures: [photo, other] });

  const [sent, ...more] = api.calls('/storage');
  expect(more).toEqual([]);
  const form = await new Response(sent?.body, {
    headers: { 'content-type': sent?.headers['content-type'] ?? '' },
  }).formData();
  expect(form.get('file')).toMatchObject({ type: 'image/png' });
});

test('a repeated create whose pictures have all arrived sends none, and waits for a task that is still queued', async () => {
  const { api, generate, saved, updates } = await cliContext({
    arrived: [0],
    polls: [{ status: 'pending' }, { status: 'completed' }],
  });

  const { id } = await generate();

  expect(api.calls('/storage')).toEqual([]);
  expect(updates.map(({ stage }) => stage)).toEqual(['uploading', 'queued', 'saving']);
  expect(await saved()).toEqual([`${id}-1.png`]);
});

test('picture addresses are sent as they are, and nothing is uploaded', async () => {
  const { api, generate, updates } = await cliContext();
  const pictures = ['https://example.com/a.png', 'HTTP://example.com/b.png'];

  await generate({ pictures });

  expect(json(api.calls('/v1/images')[0]?.body)).toEqual({ prompt: 'stars', image_urls: pictures });
  expect(api.calls('/storage')).toEqual([]);
  expect(updates).toEqual([{ stage: 'saving' }]);
});

describe('results', () => {
  test('are all saved, each with the extension of its content type', async () => {
    const { generate, saved } = await cliContext({
      results: [
        { headers: { 'content-type': 'image/png' }, body: 'one' },
        { headers: { 'content-type': 'image/jpeg; charset=binary' }, body: 'two' },
        { headers: { 'content-type': 'image/webp' }, body: 'three' },
      ],
    });

    const { files } = await generate({ request: { prompt: 'stars', n: 3 } });

    const names = [`${taskId}-1.png`, `${taskId}-2.jpg`, `${taskId}-3.webp`];
    expect(files.map((file) => file.split('/').at(-1))).toEqual(names);
    expect(await saved()).toEqual(names);
  });

  test('are downloaded without the API key', async () => {
    const { api, generate } = await cliContext();

    await generate();

    const withKey = api.calls().filter(({ headers }) => headers.authorization === `Bearer ${key}`);
    expect(withKey.map(({ path }) => path)).toEqual([
      ...['/v1/images/generations', `/v1/tasks/${taskId}`],
    ]);
  });

  test('that were not made are reported with their reason', async () => {
    const { generate } = await cliContext({
      polls: [{ status: 'completed', result_errors: [taskError('The model slipped.')] }],
    });

    expect(await generate({ request: { prompt: 'stars', n: 2 } })).toMatchObject({
      missing: ['The model slipped.'],
    });
  });

  test('that are no pictures are not saved', async () => {
    const { generate, saved } = await cliContext({
      results: [{ headers: { 'content-type': 'text/html' }, body: '<p>' }],
    });

    await expect(generate()).rejects.toThrow('A result is not a picture but text/html');
    expect(await saved()).toEqual([]);
  });

  test('that no longer exist are an error', async () => {
    const { generate } = await cliContext({ results: [{ status: 410 }] });

    await expect(generate()).rejects.toThrow(
      'A result could not be fetched: the server answered 410',
    );
  });
});

describe('waiting', () => {
  test('reads the task every second at first and every three seconds later', async () => {
    const { generate, pauses } = await cliContext({
      polls: [
        ...Array.from({ length: 18 }, () => ({ status: 'pending' }) as const),
        { status: 'completed' },
      ],
    });

    await generate();

    expect(pauses).toEqual([...Array(15).fill(1000), 3000, 3000, 3000]);
  });

  test('ends after 20 minutes', async () => {
    const { generate, pauses } = await cliContext({
      polls: [{ status: 'processing', progress: 95 }],
    });

    await expect(generate()).rejects.toThrow(`${taskId} is not finished after 20 minutes`);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(20 * 60 * 1000);
  });
});
