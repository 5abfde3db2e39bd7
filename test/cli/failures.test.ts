import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CliError } from '../../cli/program/cli-error.ts';
import { errorReply } from './admin-responses.ts';
import { cliContext, jpegBytes } from './cli-context.ts';
import { storageErrorReply } from './fake-api.ts';
import { createdBody, taskError } from './task-responses.ts';

describe('generate fails', () => {
  test('with the message of a failed task, as one line', async () => {
    const message = 'Image 1 has an alpha channel:\nflatten it.';
    const { generate, saved } = await cliContext({
      polls: [{ status: 'failed', error: taskError(message, 'image_processing_error') }],
    });

    const error = await generate().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({
      message: 'Image 1 has an alpha channel: flatten it.',
      exitCode: 3,
      code: 'image_processing_error',
      taskId: expect.stringMatching(/^task-/),
    });
    expect(await saved()).toEqual([]);
  });

  test.each([
    [
      'an error of the API',
      { error: { code: 'insufficient_quota', message: 'Too few credits.' } },
      'Too few credits.',
    ],
    ['a response of another server', 'payment required', '/v1/images/generations answered 402'],
  ])('with the reason when the create is refused: %s', async (_, body, message) => {
    const { api, generate } = await cliContext({ create: [{ status: 402, body }] });

    await expect(generate()).rejects.toThrow(message);
    expect(api.calls()).toHaveLength(1);
  });

  test.each([
    [402, 'insufficient_quota', 'It takes 1.2 credits, and the account has 0.3.'],
    [401, 'KEY_DISABLED', 'The key website is disabled.'],
    [401, 'KEY_EXPIRED', 'The key website expired at 2026-02-28T12:00:00Z.'],
    [402, 'KEY_QUOTA_EXHAUSTED', 'The key website has 0.1 of its 100 credits left.'],
    [402, 'KEY_DAILY_QUOTA_EXHAUSTED', 'The key website has used its 10 credits of today.'],
    [403, 'KEY_MODEL_NOT_ALLOWED', 'The key website may not use this model.'],
    [403, 'permission_denied', 'This key lacks the scope generate.'],
  ])('without a retry when key or credits are refused: %i %s', async (status, code, message) => {
    const { api, generate } = await cliContext({ create: [errorReply(status, code, message)] });

    await expect(generate()).rejects.toThrow(message);
    expect(api.calls()).toHaveLength(1);
  });

  test('with the reason of the storage when an upload is refused', async () => {
    const { generate, photo } = await cliContext({
      upload: [storageErrorReply('EntityTooLarge', 'Your proposed upload is too big')],
    });

    await expect(generate()).rejects.toThrow(
      `The storage refused ${photo}: Your proposed upload is too big (EntityTooLarge)`,
    );
  });

  test.each([
    ['no JSON', { body: '<html>' }],
    [
      'an id with a path in it',
      { body: { ...createdBody([]), id: '../../etc/passwd' }, isUndeclared: true },
    ],
  ] as const)('when a response is not one of this API: %s', async (_, reply) => {
    const { generate } = await cliContext({ create: [reply] });

    await expect(generate()).rejects.toThrow('does not answer like this API');
  });

  test('when the API returns no upload forms', async () => {
    const { generate } = await cliContext({ create: [{ body: createdBody([]) }] });

    await expect(generate()).rejects.toThrow('did not say where to upload');
  });
});

describe('generate creates no task', () => {
  test.each([
    ['does not exist', 'none.jpg', 'none.jpg: no such file or directory', 1],
    ['is a directory', '', 'illegal operation on a directory', 1],
    ['is not a picture', 'notes.jpg', 'notes.jpg is not a picture in a known format', 1],
    ['is empty', 'empty.png', 'empty.png is empty (0 bytes)', 1],
    ['is too large', 'large.jpg', 'bytes; make it 10485760 bytes (10 MB) or less', 1],
  ])('for a file that %s', async (_, name, message, exitCode) => {
    const { api, directory, generate, photo, write } = await cliContext();
    await write('notes.jpg', 'Dear journal');
    await write('empty.png', '');
    await write('large.jpg', Buffer.concat([jpegBytes, Buffer.alloc(10 * 1024 * 1024)]));

    const error = await generate({ pictures: [photo, join(directory, name)] }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode });
    expect(api.calls()).toEqual([]);
  });

  test('for a mixture of files and addresses', async () => {
    const { api, generate, photo } = await cliContext();

    const error = await generate({ pictures: [photo, 'https://example.com/a.png'] }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({
      message: 'Give either files or http(s) addresses, not both in one task',
      exitCode: 2,
    });
    expect(api.calls()).toEqual([]);
  });

  test('when the directory for the results cannot be made', async () => {
    const { api, generate, photo } = await cliContext();

    await expect(generate({ out: join(photo, 'out') })).rejects.toThrow(
      /^Cannot write to .*: not a directory$/,
    );
    expect(api.calls()).toEqual([]);
  });

  // In this folder not even root can write, whom no permission of a directory stops.
  test.skipIf(!existsSync('/proc/self'))(
    'when the directory for the results exists and takes no file',
    async () => {
      const { api, generate } = await cliContext();

      const error = await generate({ out: '/proc/self' }).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(CliError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/^Cannot write to \/proc\/self: /),
        exitCode: 1,
      });
      expect(api.calls()).toEqual([]);
    },
  );
});
