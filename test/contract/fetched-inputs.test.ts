import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { preparedKey } from '../../functions/aws/bucket-keys.ts';
import { inputBucket, mostInputBytes } from '../../functions/aws/input-bucket.ts';
import { InputRefused, InputUnavailable } from '../../functions/task/failures.ts';
import { pending } from '../support/tasks.ts';
import { origin } from './origin.ts';
import { s3 } from './s3.ts';
import { bucketOf } from './stage.ts';

const Bucket = bucketOf.inputs;
const task = pending();
const from = (url: string) => ({ kind: 'url', url }) as const;
const picture = randomBytes(300_000);

async function world() {
  const { client, keys, get } = await s3();
  const inputs = inputBucket(client, Bucket, { loopback: true });
  const kept = (index: number) => get({ Bucket, Key: preparedKey(task.id, index) });
  const refusalOf = (url: string): Promise<unknown> =>
    inputs.keep(task, 1, from(url)).catch((thrown: unknown) => thrown);
  return { keys, inputs, kept, refusalOf };
}

test('keeps what lies at an address, byte for byte', async () => {
  const { inputs, kept } = await world();
  const web = await origin({ '/cat.png': (response) => void response.end(picture) });

  await inputs.keep(task, 0, from(`${web.url}/cat.png`));

  expect((await kept(0)).bytes.equals(picture)).toBe(true);
  expect(web.seen[0]?.headers).toMatchObject({ accept: 'image/*' });
});

test('follows a redirect', async () => {
  const { inputs, kept } = await world();
  const web = await origin({
    '/old': (response) => void response.writeHead(302, { location: '/new' }).end(),
    '/new': (response) => void response.end(picture),
  });

  await inputs.keep(task, 0, from(`${web.url}/old`));

  expect((await kept(0)).bytes.equals(picture)).toBe(true);
});

test('keeps a picture of exactly 10 MB', async () => {
  const { inputs } = await world();
  const web = await origin({
    '/big': (response) => void response.end(Buffer.alloc(mostInputBytes)),
  });

  await inputs.keep(task, 0, from(`${web.url}/big`));

  expect(await inputs.read(task.id, 0, 0, 1)).toMatchObject({ size: mostInputBytes });
});

const answering = (status: number) => (response: ServerResponse) =>
  void response.writeHead(status).end('<html>');
const withoutLogin = 'it must be downloadable without a login';

test.each<[string, (response: ServerResponse) => void, string, string]>([
  ['404', answering(404), 'image_processing_error', `answered 404; ${withoutLogin}`],
  ['403', answering(403), 'image_processing_error', `answered 403; ${withoutLogin}`],
  ['204', answering(204), 'image_processing_error', `answered 204; ${withoutLogin}`],
  ['nothing', (response) => void response.end(), 'image_processing_error', 'is empty'],
  [
    '11 MB',
    (response) => void response.end(Buffer.alloc(11 * 1024 * 1024)),
    ...(['invalid_parameters', 'is larger than 10 MB; send a smaller file'] as const),
  ],
  [
    'a redirect to a private address',
    (response) => void response.writeHead(302, { location: 'https://10.0.0.1/' }).end(),
    ...(['image_processing_error'] as const),
    'redirects, and its target must not point to a private address',
  ],
])('refuses an address that answers %s, and keeps nothing', async (_, answer, code, message) => {
  const { refusalOf, keys } = await world();
  const web = await origin({ '/': answer });

  const refusal = await refusalOf(web.url);

  expect(refusal).toBeInstanceOf(InputRefused);
  expect(refusal).toMatchObject({ failure: { code, message } });
  expect(await keys(Bucket)).toEqual([]);
});

test('refuses a private address without asking it', async () => {
  const { refusalOf } = await world();

  expect(await refusalOf('https://169.254.169.254/latest')).toMatchObject({
    failure: { code: 'image_processing_error', message: 'must not point to a private address' },
  });
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['500', answering(500), 'answered 500 when it was fetched'],
  ['429', answering(429), 'answered 429 when it was fetched'],
  ['408', answering(408), 'answered 408 when it was fetched'],
  [
    'redirects without end',
    (response) => void response.writeHead(302, { location: '/' }).end(),
    'redirects too many times',
  ],
  [
    'nothing and hangs up',
    (response) => void response.destroy(),
    'closed the connection too early',
  ],
  [
    'half a picture',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(Buffer.alloc(500), () => response.destroy());
    },
    'closed the connection too early',
  ],
])('may try again an address that answers %s', async (_, answer, why) => {
  const { refusalOf, keys } = await world();
  const web = await origin({ '/': answer });

  const refusal = await refusalOf(web.url);

  expect(refusal).toBeInstanceOf(InputUnavailable);
  expect(refusal).toHaveProperty('message', `image_urls[1] ${why}.`);
  expect(await keys(Bucket)).toEqual([]);
});

test('may try again where nobody listens', async () => {
  const { refusalOf } = await world();
  const web = await origin({});
  await web[Symbol.asyncDispose]();

  const refusal = await refusalOf(web.url);

  expect(refusal).toBeInstanceOf(InputUnavailable);
  expect(refusal).toHaveProperty('message', 'image_urls[1] refused the connection.');
});
