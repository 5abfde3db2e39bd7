import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CliError } from '../../../cli/cli-error.ts';
import { storageRefusal, taskId } from './fake-api.ts';
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

describe('a failure', () => {
  test('of the task has the words of the contract', async () => {
    const message = 'Image 1 has an alpha channel:\nflatten it.';
    const { generate, saved } = await world({
      polls: [{ status: 'failed', error: { code: 'image_processing_error', message } }],
    });

    const error = await generate().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({
      message: 'Image 1 has an alpha channel: flatten it.',
      exitCode: 1,
    });
    expect(await saved()).toEqual([]);
  });

  test.each([
    [
      'a refusal',
      { error: { code: 'insufficient_quota', message: 'Too few credits.' } },
      'Too few credits.',
    ],
    ['an answer of somebody else', 'payment required', '/v1/images/generations answered 402'],
  ])('of the request is told: %s', async (_, body, message) => {
    const { api, generate } = await world({ create: [{ status: 402, body }] });

    await expect(generate()).rejects.toThrow(message);
    expect(api.seen()).toHaveLength(1);
  });

  test('of the upload is told in the words of the storage', async () => {
    const { generate, photo } = await world({
      upload: [storageRefusal('EntityTooLarge', 'Your proposed upload is too big')],
    });

    await expect(generate()).rejects.toThrow(
      `The storage refused ${photo}: Your proposed upload is too big (EntityTooLarge)`,
    );
  });

  test.each([
    ['no JSON', { body: '<html>' }],
    ['an id that leads elsewhere', { body: { id: '../../etc/passwd' } }],
  ])('is an answer that no such API gives: %s', async (_, answer) => {
    const { generate } = await world({ create: [answer] });

    await expect(generate()).rejects.toThrow('does not answer like this API');
  });

  test('is an API that takes no uploads', async () => {
    const { generate } = await world({ create: [{ body: { id: taskId } }] });

    await expect(generate()).rejects.toThrow('did not say where to upload');
  });
});

describe('nothing is created', () => {
  test.each([
    ['is not there', 'none.jpg', 'none.jpg: no such file or directory', 1],
    ['is a directory', '', 'illegal operation on a directory', 1],
    ['is something else', 'notes.jpg', 'notes.jpg is not a JPEG, PNG, WebP or BMP picture', 1],
    ['is empty', 'empty.png', 'empty.png is not a JPEG, PNG, WebP or BMP picture', 1],
    ['is too large', 'large.jpg', 'large.jpg is larger than 10 MB', 1],
  ])('from a file that %s', async (_, name, message, exitCode) => {
    const { api, directory, generate, photo, write } = await world();
    await write('notes.jpg', 'Dear diary');
    await write('empty.png', '');
    await write('large.jpg', Buffer.concat([jpegBytes, Buffer.alloc(10 * 1024 * 1024)]));

    const error = await generate({ pictures: [photo, join(directory, name)] }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode });
    expect(api.seen()).toEqual([]);
  });

  test('from files and addresses together', async () => {
    const { api, generate, photo } = await world();

    const error = await generate({ pictures: [photo, 'https://example.com/a.png'] }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({
      message: 'Give either files or http(s) addresses, not both in one task',
      exitCode: 2,
    });
    expect(api.seen()).toEqual([]);
  });

  test('when the results could not be saved', async () => {
    const { api, generate, photo } = await world();

    await expect(generate({ out: join(photo, 'out') })).rejects.toThrow(
      /^Cannot write to .*: not a directory$/,
    );
    expect(api.seen()).toEqual([]);
  });
});
