import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CliError } from '../../cli/cli-error.ts';
import { refusal } from './admin-answers.ts';
import { storageRefusal, taskId } from './fake-api.ts';
import { jpegBytes, world } from './world.ts';

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

  test.each([
    [402, 'insufficient_quota', 'It takes 1.2 credits, and the account has 0.3.'],
    [401, 'KEY_DISABLED', 'The key website is disabled.'],
    [401, 'KEY_EXPIRED', 'The key website expired at 2026-02-28T12:00:00Z.'],
    [402, 'KEY_QUOTA_EXHAUSTED', 'The key website has 0.1 of its 100 credits left.'],
    [402, 'KEY_DAILY_QUOTA_EXHAUSTED', 'The key website has used its 10 credits of today.'],
    [403, 'KEY_MODEL_NOT_ALLOWED', 'The key website may not use this model.'],
    [403, 'permission_denied', 'This key lacks the scope generate.'],
  ])('of the key or the money is told once: %i %s', async (status, code, message) => {
    const { api, generate } = await world({ create: [refusal(status, code, message)] });

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
