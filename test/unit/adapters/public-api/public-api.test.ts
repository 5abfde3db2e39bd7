import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { publicApi } from '../../../../functions/adapters/public-api/public-api.ts';
import { listen } from '../../../../local/aws/listen.ts';

const key = `sk-dr-test-${'a'.repeat(43)}`;
const task = { id: 'task-unified-1-abcdefgh', status: 'completed', livemode: false };
const form = { url: 'https://inputs.example.com/', fields: { key: 'uploads/1', Policy: 'p' } };
const body = { prompt: 'snow', image_uploads: [{ content_type: 'image/png' }] };

/** A server until the test is over, and the API at its address. */
async function apiAt(listener: RequestListener) {
  const { url, close } = await listen(createServer(listener), 0);
  onTestFinished(close);
  return { url, api: publicApi({ url, allowLoopback: true }) };
}
const answering = (status: number, answer: unknown) =>
  apiAt((_, response) => void response.writeHead(status).end(JSON.stringify(answer)));

describe('a create', () => {
  test('is sent with the key and its Idempotency-Key, and returns the id and the forms', async () => {
    const seen: unknown[] = [];
    const { api } = await apiAt(async (request, response) => {
      const text = Buffer.concat(await request.toArray()).toString();
      const { authorization, 'idempotency-key': idempotencyKey } = request.headers;
      seen.push([request.method, request.url, authorization, idempotencyKey, JSON.parse(text)]);
      response.end(JSON.stringify({ ...task, uploads: [{ ...form, method: 'POST' }] }));
    });

    expect(await api.create(key, body, 'canary-1')).toEqual({ id: task.id, uploads: [form] });
    expect(seen).toEqual([['POST', '/v1/images/generations', `Bearer ${key}`, 'canary-1', body]]);
  });

  test.each([
    [500, { error: { code: 'internal_error' } }],
    [402, { error: { code: 'insufficient_quota' } }],
    [200, { id: task.id }],
    [200, 'It works!'],
  ])(
    'that is answered with %i %j fails, and the error has the status and none of the body',
    async (status, answer) => {
      const { api } = await answering(status, answer);

      await expect(api.create(key, body, 'canary-1')).rejects.toMatchObject({
        name: 'UnexpectedResponse',
        status,
        message: `unexpected response with status ${status}`,
      });
    },
  );
});

test('a picture is sent as the last field of the form, with all fields of it', async () => {
  const received: FormData[] = [];
  const { url, api } = await apiAt(async (request, response) => {
    const type = request.headers['content-type'] ?? '';
    const bytes = Buffer.concat(await request.toArray());
    received.push(await new Response(bytes, { headers: { 'content-type': type } }).formData());
    response.writeHead(204).end();
  });
  const picture = Buffer.from([0, 13, 10, 45, 45, 255]);

  await api.upload({ ...form, url }, 'image/png', picture);

  const [sent] = received;
  expect([...(sent?.keys() ?? [])]).toEqual(['key', 'Policy', 'file']);
  expect(sent?.get('key')).toBe('uploads/1');
  const file = sent?.get('file');
  if (!(file instanceof Blob)) throw new Error('the picture is no file');
  expect([file.type, Buffer.from(await file.arrayBuffer())]).toEqual(['image/png', picture]);
});

test('an upload that S3 refuses fails', async () => {
  const { url, api } = await answering(403, 'AccessDenied');

  await expect(api.upload({ ...form, url }, 'image/png', Buffer.from('x'))).rejects.toMatchObject({
    status: 403,
  });
});

test('a task is read as its caller reads it', async () => {
  const { api } = await answering(200, { ...task, sandbox: true, results: ['r'], more: 1 });

  expect(await api.task(key, task.id)).toEqual({ ...task, sandbox: true, results: ['r'] });
});

describe('a result', () => {
  test('is read through the redirect, without the key, and no further than asked for', async () => {
    const seen: unknown[] = [];
    const { url, api } = await apiAt((request, response) => {
      seen.push([request.url, request.headers.authorization]);
      if (request.url === '/r/1') response.writeHead(302, { location: '/file' }).end();
      else response.end('0123456789');
    });

    expect(Buffer.from(await api.download(`${url}/r/1`, 4)).toString()).toBe('0123');
    expect(seen).toEqual([
      ['/r/1', undefined],
      ['/file', undefined],
    ]);
  });

  test('that is gone fails', async () => {
    const { url, api } = await answering(410, {});

    await expect(api.download(`${url}/r/1`, 4)).rejects.toMatchObject({ status: 410 });
  });
});

test('outside of the local stack no address of this machine is called', async () => {
  const { url } = await answering(200, task);

  await expect(publicApi({ url, allowLoopback: false }).task(key, task.id)).rejects.toMatchObject({
    name: 'AddressNotAllowed',
  });
});
