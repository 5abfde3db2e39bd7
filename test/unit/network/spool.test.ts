import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guardedRequest } from '../../../functions/network/guarded-request.ts';
import { spool } from '../../../functions/network/spool.ts';
import { endless, serve } from './server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

const bytes = Buffer.alloc(200_000, 'picture');
const body = () => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]);
const ask = {
  method: 'GET',
  headers: {},
  rules: { loopback: true },
  redirects: 0,
  deadlineMs: 5000,
} as const;

test('a body lies on disk with its length and its hash, for us alone to read', async () => {
  await using file = await spool(body(), { maxBytes: 200_000, directory });

  expect(await readFile(file.path)).toEqual(bytes);
  expect(file).toMatchObject({
    bytes: 200_000,
    sha256: createHash('sha256').update(bytes).digest('base64'),
  });
  expect((await stat(file.path)).mode & 0o777).toBe(0o600);
});

test('the file is gone when its holder is done', async () => {
  const path = await (async () => {
    await using file = await spool(body(), { maxBytes: 200_000, directory });
    return file.path;
  })();

  expect(existsSync(path)).toBe(false);
});

test('the directory for temporary files is where it lies if nobody says otherwise', async () => {
  await using file = await spool(Readable.from([]), { maxBytes: 1 });

  expect(dirname(file.path)).toBe(tmpdir());
  expect(file.bytes).toBe(0);
});

test('one byte too many leaves nothing behind', async () => {
  const source = body();

  await expect(spool(source, { maxBytes: 199_999, directory })).rejects.toMatchObject({
    name: 'TooLarge',
    message: 'is larger than 199999 bytes',
  });
  expect(source.destroyed).toBe(true);
  expect(await readdir(directory)).toEqual([]);
});

const MB = 1024 * 1024;

test('an endless body is cut off at ten megabytes, while it comes', async () => {
  const { poured, answer: pour } = endless();
  await using server = await serve(pour);
  const answer = await guardedRequest(server.url, ask);

  await expect(spool(answer.body, { maxBytes: 10 * MB, directory })).rejects.toMatchObject({
    name: 'TooLarge',
    message: 'is larger than 10485760 bytes',
  });
  expect(answer.body.destroyed).toBe(true);
  expect(await readdir(directory)).toEqual([]);
  // What lies between the two sockets was never read; the kernel decides how much that may be.
  expect(poured.bytes).toBeGreaterThan(9 * MB);
  expect(poured.bytes).toBeLessThan(40 * MB);
});

test('a body that claims to be short and is not ends where it said', async () => {
  await using server = await serve((_request, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more of it');
  });
  const answer = await guardedRequest(server.url, ask);

  await using file = await spool(answer.body, { maxBytes: 10, directory });

  expect(await readFile(file.path, 'utf8')).toBe('hello');
});

test('a body that breaks off leaves nothing behind', async () => {
  await using server = await serve((request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half of it', () => request.socket.destroy());
  });
  const answer = await guardedRequest(server.url, ask);

  await expect(spool(answer.body, { maxBytes: 2000, directory })).rejects.toMatchObject({
    name: 'Unreachable',
    message: 'closed the connection too early',
  });
  expect(await readdir(directory)).toEqual([]);
});

test('trouble with our own disk is not blamed on the sender', async () => {
  const source = body();

  await expect(
    spool(source, { maxBytes: 200_000, directory: join(directory, 'absent') }),
  ).rejects.toMatchObject({ code: 'ENOENT', name: 'Error' });
  expect(source.destroyed).toBe(true);
});
