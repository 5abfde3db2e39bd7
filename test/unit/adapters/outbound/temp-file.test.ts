import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
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

test('a body is saved with its length and its hash, in a file that nobody else can open', async () => {
  await using file = await saveToTempFile(body(), { maxBytes: 200_000, directory });

  expect(await buffer(file.stream())).toEqual(bytes);
  expect(file).toMatchObject({
    size: 200_000,
    sha256: createHash('sha256').update(bytes).digest('base64'),
  });
  expect(await readdir(directory)).toEqual([]);
});

test('a range is read, shorter only at the end of the file, and the stream begins at the start again', async () => {
  await using file = await saveToTempFile(Readable.from([Buffer.from('abcdef')]), { maxBytes: 6 });

  expect(`${file.read(2, 3)}`).toBe('cde');
  expect(`${file.read(4, 10)}`).toBe('ef');
  expect(await text(file.stream())).toBe('abcdef');
  expect(await text(file.stream())).toBe('abcdef');
});

test('the file is closed when it is disposed of, and nothing is read from another file that has its descriptor number then', async () => {
  const file = await saveToTempFile(body(), { maxBytes: 200_000, directory });

  await file[Symbol.asyncDispose]();

  expect(() => file.read(0, 1)).toThrow('the file is closed');
});

test('the default directory is the one for temporary files, and an empty body is a file', async () => {
  await using file = await saveToTempFile(Readable.from([]), { maxBytes: 1 });

  expect(file.size).toBe(0);
  expect(await text(file.stream())).toBe('');
});

test.each([
  [
    'while the body arrives',
    '(async function* () { yield Buffer.from("half"); started(); await never; })()',
  ],
  ['after the body has arrived', '[Buffer.from("whole")]'],
])('a process that is killed %s leaves no file', async (_when, chunks) => {
  const script = `
    import { Readable } from 'node:stream';
    import { saveToTempFile } from '${import.meta.resolve('../../../../functions/adapters/outbound/temp-file.ts')}';
    setInterval(() => {}, 1000);
    const never = new Promise(() => {});
    const started = () => console.log('started');
    globalThis.file = await saveToTempFile(Readable.from(${chunks}), { maxBytes: 10, directory: process.argv[1] });
    started();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);

  expect(child.kill('SIGKILL')).toBe(true);
  await exited;

  expect(await readdir(directory)).toEqual([]);
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

  expect(await text(file.stream())).toBe('hello');
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

test('a body that fails before it is read leaves no file, and does not end the process', async () => {
  const source = Readable.from(body());
  source.destroy(new Error('broken'));

  await expect(saveToTempFile(source, { maxBytes: 2000, directory })).rejects.toMatchObject({
    name: 'Unreachable',
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
