import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { taskId } from './fake-api.ts';
import { jpegBytes, key, pngBytes, world } from './world.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('a file', () => {
  test('is uploaded, painted and saved', async () => {
    const { api, generate, out, updates } = await world({
      polls: [
        { status: 'pending', progress: 0 },
        { status: 'processing', progress: 42 },
        { status: 'completed', usage: { credits_used: 1.2 } },
      ],
    });

    const generated = await generate({ n: 1, model: 'wan2.5-image-to-image' });

    const file = join(out, `${taskId}-1.png`);
    expect(generated).toEqual({
      ...{ id: taskId, files: [file], seconds: 2, credits: 1.2, missing: [] },
    });
    expect(await readFile(file, 'utf8')).toBe('painted');
    expect(updates).toEqual([
      { stage: 'uploading' },
      { stage: 'queued' },
      { stage: 'painting', percent: 42 },
      { stage: 'saving' },
    ]);
    expect(json(api.seen('/v1/images')[0]?.body)).toEqual({
      ...{ model: 'wan2.5-image-to-image', prompt: 'stars', n: 1 },
      image_uploads: [{ content_type: 'image/jpeg' }],
    });
  });

  test('stands last in its form, unchanged', async () => {
    const { api, generate } = await world();

    await generate();

    const [upload] = api.seen('/storage');
    const form = await new Response(upload?.body, {
      headers: { 'content-type': upload?.headers['content-type'] ?? '' },
    }).formData();
    expect([...form.keys()]).toEqual(['Content-Type', 'key', 'Policy', 'file']);
    const file = form.get('file');
    expect(file).toMatchObject({ type: 'image/jpeg', name: 'picture' });
    expect(Buffer.from(await new Response(file).arrayBuffer())).toEqual(jpegBytes);
  });

  test('is announced as what its first bytes say, whatever its name says', async () => {
    const { api, generate, photo, write } = await world();
    const misnamed = await write('picture.webp', pngBytes);

    await generate({ pictures: [photo, misnamed] });

    const { image_uploads } = json(api.seen('/v1/images')[0]?.body);
    expect(image_uploads).toEqual([{ content_type: 'image/jpeg' }, { content_type: 'image/png' }]);
    expect(api.seen('/storage')).toHaveLength(2);
  });
});

test('addresses are passed on and nothing is uploaded', async () => {
  const { api, generate, updates } = await world();
  const pictures = ['https://example.com/a.png', 'HTTP://example.com/b.png'];

  await generate({ pictures });

  expect(json(api.seen('/v1/images')[0]?.body)).toEqual({ prompt: 'stars', image_urls: pictures });
  expect(api.seen('/storage')).toEqual([]);
  expect(updates).toEqual([{ stage: 'saving' }]);
});

describe('results', () => {
  test('are all saved, each as what it is', async () => {
    const { generate, saved } = await world({
      results: [
        { headers: { 'content-type': 'image/png' }, body: 'one' },
        { headers: { 'content-type': 'image/jpeg; charset=binary' }, body: 'two' },
        { headers: { 'content-type': 'image/webp' }, body: 'three' },
      ],
    });

    const { files } = await generate({ n: 3 });

    const names = [`${taskId}-1.png`, `${taskId}-2.jpg`, `${taskId}-3.webp`];
    expect(files.map((file) => file.split('/').at(-1))).toEqual(names);
    expect(await saved()).toEqual(names);
  });

  test('are fetched without the key', async () => {
    const { api, generate } = await world();

    await generate();

    const carriers = api.seen().filter(({ headers }) => headers.authorization === `Bearer ${key}`);
    expect(carriers.map(({ path }) => path)).toEqual([
      ...['/v1/images/generations', `/v1/tasks/${taskId}`],
    ]);
  });

  test('that were not made are told', async () => {
    const { generate } = await world({
      polls: [
        { status: 'completed', result_errors: [{ code: 'x', message: 'The model slipped.' }] },
      ],
    });

    expect(await generate({ n: 2 })).toMatchObject({
      missing: ['The model slipped.'],
      credits: undefined,
    });
  });

  test('that are no pictures are not saved', async () => {
    const { generate, saved } = await world({
      results: [{ headers: { 'content-type': 'text/html' }, body: '<p>' }],
    });

    await expect(generate()).rejects.toThrow('A result is not a picture but text/html');
    expect(await saved()).toEqual([]);
  });

  test('that are gone are an error', async () => {
    const { generate } = await world({ results: [{ status: 410 }] });

    await expect(generate()).rejects.toThrow(
      'A result could not be fetched: the server answered 410',
    );
  });
});

describe('waiting', () => {
  test('asks often at first and seldom later', async () => {
    const { generate, slept } = await world({
      polls: [
        ...Array.from({ length: 18 }, () => ({ status: 'pending' })),
        { status: 'completed' },
      ],
    });

    await generate();

    expect(slept).toEqual([...Array(15).fill(1000), 3000, 3000, 3000]);
  });

  test('ends after 20 minutes', async () => {
    const { generate, slept } = await world({ polls: [{ status: 'processing', progress: 95 }] });

    await expect(generate()).rejects.toThrow(`${taskId} is not finished after 20 minutes`);
    expect(slept.reduce((sum, pause) => sum + pause, 0)).toBe(20 * 60 * 1000);
  });
});
