import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueKey } from '../../local/local-keys.ts';
import { type Body, type TestStack, upload } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { startStack } from './start-stack.ts';

// The requests of common tools and of clients for the published API, and the responses that they expect.

const sample = readFileSync('cli/sample.jpg');

let stack: TestStack;
let images: Receiver;
let completed: Body;

beforeAll(async () => {
  images = await serveImages({ '/sample.jpg': sample });
  stack = await startStack();
  const { body } = await stack.create(generation());
  completed = await stack.endedTask(body.id);
  expect(completed.status).toBe('completed');
});
afterAll(async () => {
  await stack?.close();
  await images?.close();
});

const generation = (more: object = {}) => ({
  prompt: 'Make it snow',
  image_urls: [`${images.url}/sample.jpg`],
  size: '768x768',
  ...more,
});
const withKey = () => ({ authorization: `Bearer ${stack.keys.apiKey}` });

describe('POST /v1/images/generations', () => {
  test('a request of a typed client, which sends null and empty values for what is not set, is a task like any other', async () => {
    const { status, body } = await stack.create({
      model: 'wan2.5-i2i-preview',
      prompt: 'Make it snow, caf\uFFFD',
      image_urls: [`${images.url}/sample.jpg`],
      image_uploads: [],
      n: null,
      size: 'auto',
      seed: null,
      negative_prompt: '',
      callback_url: '',
      prompt_extend: null,
      watermark: null,
      metadata: null,
    });

    expect(status).toBe(200);
    expect(body).toMatchObject({ model: 'wan2.5-image-to-image' });
    expect(body).not.toHaveProperty('warnings');
    expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  });

  test('a field that the model does not have is named in a warning, and does not turn a repeated request into another one', async () => {
    const key = { 'idempotency-key': 'order:4711, attempt 1' };
    const first = await stack.create(generation({ quality: 'high' }), key);
    const second = await stack.create(generation({ resolution: '2K' }), key);

    expect(first.body.warnings).toEqual([
      {
        param: 'quality',
        message: 'wan2.5-image-to-image has no field quality: it was ignored.',
      },
    ]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toMatchObject({ id: first.body.id, warnings: [{ param: 'resolution' }] });
  });

  test('a ratio is the size of the model for it', async () => {
    const { body } = await stack.create(generation({ size: '16:9' }));

    const [link = ''] = (await stack.endedTask(body.id)).results;
    const image = await sharp(Buffer.from(await (await fetch(link)).bytes())).metadata();
    expect(image).toMatchObject({ width: 1280, height: 720 });
  });

  test('a request that contains a picture itself is refused with how to upload the picture', async () => {
    const image_urls = [`data:image/jpeg;base64,${sample.toString('base64').slice(0, 50_000)}`];

    const { status, body } = await stack.create(generation({ image_urls }));

    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      param: 'image_urls[0]',
      message: expect.stringContaining('send image_uploads'),
    });
  });

  test('an upload has the format of its content, whatever its form says', async () => {
    const { body } = await stack.create({
      prompt: 'Make it snow',
      image_uploads: [{ content_type: 'image/png' }],
    });

    expect(await upload(body.uploads[0], sample)).toBe(204);
    expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  });
});

describe('GET /v1/tasks/{task_id}', () => {
  test('a task that waits for uploads has forms for those that have not arrived', async () => {
    const image_uploads = [{ content_type: 'image/jpg' }, { content_type: 'image/jpeg' }];
    const { body } = await stack.create({ prompt: 'Make it snow', image_uploads });
    const path = `/v1/tasks/${body.id}`;
    const waiting = await stack.call('GET', path);

    expect(waiting.body.uploads).toHaveLength(2);
    for (const form of waiting.body.uploads) expect(await upload(form, sample)).toBe(204);
    const ended = await stack.endedTask(body.id);
    expect(ended).toMatchObject({ status: 'completed' });
    expect(ended).not.toHaveProperty('uploads');
  });

  test('a key that may only read gets no form', async () => {
    const account = `reading-${randomUUID().slice(0, 8)}`;
    const { body } = await (await stack.withAccount(account)).create({
      prompt: 'Make it snow',
      image_uploads: [{ content_type: 'image/jpeg' }],
    });
    const { api_key } = await issueKey(stack, { account, scopes: ['read'] });

    const { status, body: task } = await stack.call('GET', `/v1/tasks/${body.id}`, undefined, {
      authorization: `Bearer ${api_key}`,
    });

    expect([status, task.status]).toEqual([200, 'pending']);
    expect(task).not.toHaveProperty('uploads');
  });
});

describe('GET /v1/tasks', () => {
  test('pages by number end, and show every task once', async () => {
    const seen: string[] = [];
    for (let page = 1, total = 1; seen.length < total; page += 1) {
      const { body } = await stack.call('GET', `/v1/tasks?page=${page}&page_size=2&type=image`);
      seen.push(...body.data.map(({ id }: Body) => id));
      total = body.total;
    }
    const { body: all } = await stack.call('GET', '/v1/tasks?limit=100');

    expect(seen).toEqual(all.data.map(({ id }: Body) => id));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('an unknown parameter is refused by its name', async () => {
    const { status, body } = await stack.call('GET', '/v1/tasks?pageSize=2');

    expect([status, body.error.param, body.error.message]).toEqual([
      400,
      'pageSize',
      'There is no parameter pageSize here.',
    ]);
  });

  test('a cancelled task is found by that word', async () => {
    const { body } = await stack.create({
      prompt: 'Make it snow',
      image_uploads: [{ content_type: 'image/jpeg' }],
    });
    await stack.call('POST', `/v1/tasks/${body.id}/cancel`);
    await stack.endedTask(body.id);

    const { body: list } = await stack.call('GET', '/v1/tasks?status=cancelled');

    expect(list.data).toMatchObject([{ id: body.id, status: 'failed' }]);
  });
});

describe('GET /v1/models/{model}', () => {
  test('is the model of the list, by any of its names', async () => {
    const { body: list } = await stack.call('GET', '/v1/models');
    const { body } = await stack.call('GET', '/v1/models/wan2.5-i2i-preview');

    expect(list.data).toEqual([body]);
    expect(body).toMatchObject({ created: expect.any(Number), owned_by: 'alibaba' });
    expect((await stack.call('GET', '/v1/models/dall-e')).body.error.code).toBe('model_not_found');
  });
});

describe('308', () => {
  test.each([
    ['/v1/tasks/?limit=5', '/v1/tasks?limit=5'],
    ['/v1/images/generations//', '/v1/images/generations'],
    ['//evil.example.com/', '/evil.example.com'],
    ['/%5Cevil.example.com/', '/%5Cevil.example.com'],
  ])('%s leads to %s, on this host', async (path, location) => {
    const response = await fetch(stack.url + path, { redirect: 'manual' });

    expect([response.status, response.headers.get('location')]).toEqual([308, location]);
    expect(Object(await response.json()).error).toMatchObject({
      code: 'moved_permanently',
      message: `No path here ends with a slash: send the request to ${location.split('?')[0]}.`,
    });
  });

  test('a create with a slash at its end creates a task, by a client that follows redirects', async () => {
    const response = await fetch(`${stack.url}/v1/images/generations/`, {
      method: 'POST',
      headers: { ...withKey(), 'content-type': 'application/json' },
      body: JSON.stringify(generation()),
    });

    const { id, status } = Object(await response.json());

    expect([response.status, status]).toEqual([200, 'pending']);
    await stack.endedTask(id); // below, nothing changes between a GET and its HEAD
  });
});

describe('HEAD', () => {
  test.each([
    ['/healthz', false],
    ['/openapi.json', false],
    ['/v1/models', true],
    ['/v1/models/wan2.5-image-to-image', true],
    ['/v1/models/nothing', true],
    ['/v1/tasks?limit=1', true],
    ['/v1/tasks/task-unified-1757156493-imcg5zqt', true],
    ['/v1/tasks', false],
  ])('%s has the status, type and length of GET', async (path, isAuthorized) => {
    const headers = isAuthorized ? withKey() : {};
    const get = await fetch(stack.url + path, { headers });
    const head = await fetch(stack.url + path, { method: 'HEAD', headers });

    const described = (response: Response) =>
      ['content-type', 'cache-control'].map((name) => response.headers.get(name));
    expect([head.status, ...described(head)]).toEqual([get.status, ...described(get)]);
    expect(head.headers.get('content-length')).toBe(String((await get.bytes()).length));
    expect(await head.text()).toBe('');
  });

  test('a task that has ended says so in its headers alone', async () => {
    const head = await fetch(`${stack.url}/v1/tasks/${completed.id}`, {
      method: 'HEAD',
      headers: withKey(),
    });

    expect([head.status, Number(head.headers.get('content-length')) > 100]).toEqual([200, true]);
  });
});

const run = promisify(execFile);
const python = `
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": sys.argv[2]})
sys.stdout.buffer.write(urllib.request.urlopen(request).read())`;
const tools: readonly [name: string, args: (url: string, key: string) => readonly string[]][] = [
  ['curl', (url, key) => ['-sL', '-H', `Authorization: ${key}`, url]],
  ['wget', (url, key) => ['-qO-', `--header=Authorization: ${key}`, url]],
  ['python3', (url, key) => ['-c', python, url, key]],
];
const isInstalled = (name: string) =>
  run(name, ['--version']).then(
    () => true,
    () => false,
  );

describe('a link to a result', () => {
  test.each(tools)('gives the picture to %s, which sends the key along', async (name, args) => {
    if (!(await isInstalled(name))) return void process.stdout.write(`Skipped: no ${name} here.\n`);
    const [link = ''] = completed.results;
    const direct = await fetch(link);
    expect(direct.redirected).toBe(true);

    const { stdout } = await run(name, args(link, withKey().authorization), {
      encoding: 'buffer',
      maxBuffer: 8 * 1024 * 1024,
    });

    expect(stdout.equals(Buffer.from(await direct.bytes()))).toBe(true);
  });

  test('says type and length to HEAD, with a key and without', async () => {
    const [link = ''] = completed.results;
    const bytes = await (await fetch(link)).bytes();

    for (const headers of [{}, withKey()]) {
      const head = await fetch(link, { method: 'HEAD', headers, redirect: 'manual' });
      expect([
        head.status,
        head.headers.get('content-type'),
        head.headers.get('content-length'),
      ]).toEqual([200, 'image/png', String(bytes.length)]);
    }
  });

  test('works as the next picture to edit', async () => {
    const { body } = await stack.create(generation({ image_urls: completed.results }));

    expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
  });
});

describe('GET /v1/files/{file_id}', () => {
  test('its owner can read a file, nobody else can, and HEAD describes it', async () => {
    const { body: file } = await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' });
    const path = new URL(file.url).pathname;
    expect((await stack.call('GET', path)).body.error.code).toBe('file_not_found');
    expect(await upload(file.upload, sample)).toBe(204);

    const mine = await fetch(file.url, { headers: withKey() });
    const head = await fetch(file.url, { method: 'HEAD', headers: withKey() });

    expect(Buffer.from(await mine.bytes()).equals(sample)).toBe(true);
    expect(mine.headers.get('content-type')).toBe('image/jpeg');
    expect(head.headers.get('content-length')).toBe(String(sample.length));
    expect((await fetch(file.url)).status).toBe(401);
    expect((await stack.callAs('somebody-else', 'GET', path)).status).toBe(404);
  });

  test('a file above 4 MB is refused with a link to it', async () => {
    const large = Buffer.concat([sample, Buffer.alloc(4 * 1024 * 1024)]);
    const { body: file } = await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' });
    expect(await upload(file.upload, large)).toBe(204);

    const { status, body } = await stack.call('GET', new URL(file.url).pathname);

    expect([status, body.error.code]).toEqual([409, 'picture_too_large']);
    expect((await (await fetch(body.error.url)).bytes()).length).toBe(large.length);
  });
});
