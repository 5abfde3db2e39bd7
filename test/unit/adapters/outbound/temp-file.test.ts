import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guardedRequest } from '../../../../functions/adapters/outbound/guarded-request.ts';
import { saveToTempFile } from '../../../../functions/adapters/outbound/temp-file.ts';
import { endless, serve } from './server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'temp-file-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

const bytes = Buffer.alloc(200_000, 'picture');
const body = () => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
const request = {
  method: 'GET',
  headers: {},
  rules: { allowLoopback: true },
  redirects: 0,
  deadlineMs: 5000,
} as const;

test('a body is saved to a file with its length and its hash, which only our own user can read', async () => {
  await using file = await saveToTempFile(body(), { maxBytes: 200_000, directory });

  expect(await readFile(file.path)).toEqual(bytes);
  expect(file).toMatchObject({
    size: 200_000,
    sha256: createHash('sha256').update(bytes).digest('base64'),
  });
  expect((await stat(file.path)).mode & 0o777).toBe(0o600);
});

test('the file is removed when it is disposed of', async () => {
  const path = await (async () => {
    await using file = await saveToTempFile(body(), { maxBytes: 200_000, directory });
    return file.path;
  })();

  expect(existsSync(path)).toBe(false);
});

test('the default directory is the one for temporary files', async () => {
  await using file = await saveToTempFile(Readable.from([]), { maxBytes: 1 });

  expect(dirname(file.path)).toBe(tmpdir());
  expect(file.size).toBe(0);
});

test('a body that is one byte too long leaves no file', async () => {
  const source = body();

  await expect(saveToTempFile(source, { maxBytes: 199_999, directory })).rejects.toMatchObject({
    name: 'TooLarge',
    message: 'is larger than 199999 bytes',
  });
  expect(source.destroyed).toBe(true);
  expect(await readdir(directory)).toEqual([]);
});

const MB = 1024 * 1024;

test('an endless body is cut off at ten megabytes, while it arrives', async () => {
  const { written, handle } = endless();
  await using server = await serve(handle);
  const response = await guardedRequest(server.url, request);

  await expect(
    saveToTempFile(response.body, { maxBytes: 10 * MB, directory }),
  ).rejects.toMatchObject({
    name: 'TooLarge',
    message: 'is larger than 10485760 bytes',
  });
  expect(response.body.destroyed).toBe(true);
  expect(await readdir(directory)).toEqual([]);
  // The buffers between the two sockets were never read; the kernel decides how large they are.
  expect(written.bytes).toBeGreaterThan(9 * MB);
  expect(written.bytes).toBeLessThan(40 * MB);
});

test('a body that is longer than its content-length ends at its content-length', async () => {
  await using server = await serve((_request, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more of it');
  });
  const response = await guardedRequest(server.url, request);

  await using file = await saveToTempFile(response.body, { maxBytes: 10, directory });

  expect(await readFile(file.path, 'utf8')).toBe('hello');
});

test('a body that breaks off leaves no file', async () => {
  await using server = await serve((request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half of it', () => request.socket.destroy());
  });
  const response = await guardedRequest(server.url, request);

  await expect(saveToTempFile(response.body, { maxBytes: 2000, directory })).rejects.toMatchObject({
    name: 'Unreachable',
    message: 'closed the connection too early',
  });
  expect(await readdir(directory)).toEqual([]);
});

test('an error of our own disk is not reported as one of the sender', async () => {
  const source = body();

  await expect(
    saveToTempFile(source, { maxBytes: 200_000, directory: join(directory, 'absent') }),
  ).rejects.toMatchObject({ code: 'ENOENT', name: 'Error' });
  expect(source.destroyed).toBe(true);
});
