import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostedFileTable } from '../../functions/adapters/aws/dynamodb/hosted-file-table.ts';
import { maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import { issueKey } from '../../local/local-keys.ts';
import { hostedFile } from '../support/hosted-files.ts';
import { responseErrors } from '../support/openapi.ts';
import { bmp, jpeg, png } from '../support/pictures.ts';
import type { Body, TestStack } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { startStack } from './start-stack.ts';
import { storedPictures } from './stored-pictures.ts';

// The Files API as the published clients call it.

const sample = readFileSync('cli/sample.jpg');
const uploads = '/api/v1/files/upload';

// Other test files use the same stack, so the names have to be unique.
const run = randomUUID().slice(0, 8);
const accountName = (name: string) => `${name}-${run}`;

let stack: TestStack;
let images: Receiver;

beforeAll(async () => {
  images = await serveImages({
    '/photos/IMG%200042.jpg': sample,
    '/page.html': Buffer.from('<html>'),
  });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await images?.close();
});

const authorization = () => ({ authorization: `Bearer ${stack.keys.apiKey}` });

/** Sends a form as the published client does: with `fetch` and `FormData`. */
async function sendForm(form: FormData, headers = authorization()): Promise<Response> {
  return fetch(new URL(`${uploads}/stream`, stack.url), { method: 'POST', headers, body: form });
}

function formWith(file: Uint8Array, name = 'photo.jpg', fields: Record<string, string> = {}) {
  const form = new FormData();
  form.append('file', new Blob([file], { type: 'image/jpeg' }), name);
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  return form;
}

const uploadForm = async (...form: Parameters<typeof formWith>): Promise<Body> =>
  (await sendForm(formWith(...form))).json();

const uploadBase64 = async (body: object, headers?: Record<string, string>) =>
  stack.call('POST', `${uploads}/base64`, body, headers);

const asBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Sends a body in pieces of no announced length. */
async function sendChunked(
  path: string,
  type: string,
  pieces: readonly Uint8Array[],
): Promise<Body> {
  const { promise, resolve, reject } = Promise.withResolvers<Body>();
  const sent = request(new URL(path, stack.url), {
    method: 'POST',
    headers: { ...authorization(), 'content-type': type, 'transfer-encoding': 'chunked' },
  });
  sent.on('response', (response) =>
    text(response).then((body) => resolve(JSON.parse(body)), reject),
  );
  sent.on('error', reject);
  for (const piece of pieces) sent.write(piece);
  sent.end();
  return promise;
}

async function sendWithCurl(): Promise<Body> {
  const { stdout } = await promisify(execFile)('curl', [
    '--silent',
    '--header',
    `Authorization: ${authorization().authorization}`,
    '--form',
    'file=@cli/sample.jpg',
    '--form',
    'upload_path=curl',
    new URL(`${uploads}/stream`, stack.url).href,
  ]);
  return JSON.parse(stdout);
}

const multipart = (
  boundary: string,
  head: string,
  bytes: Uint8Array,
  tail = `\r\n--${boundary}--\r\n`,
) =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    bytes,
    Buffer.from(tail),
  ]);

const ways: readonly (readonly [string, () => Promise<Body>])[] = [
  [
    'fetch with FormData',
    () => uploadForm(sample, 'photo.jpg', { uploadPath: 'a', fileName: 'x.jpg' }),
  ],
  ['curl -F', sendWithCurl],
  [
    'a chunked form without a name or a type of the file',
    () => {
      const body = multipart('b', 'name="file"', sample);
      const middle = Math.floor(body.length / 2);
      return sendChunked(`${uploads}/stream`, 'multipart/form-data; boundary=b', [
        body.subarray(0, middle),
        body.subarray(middle),
      ]);
    },
  ],
  ['Base64', async () => (await uploadBase64({ base64_data: asBase64(sample) })).body],
  [
    'a data: address that claims another type',
    async () =>
      (
        await uploadBase64({
          base64_data: `data:image/png;base64,${asBase64(sample)}`,
          upload_path: null,
        })
      ).body,
  ],
  [
    'an address',
    async () => {
      const file_url = `${images.url}/photos/IMG%200042.jpg`;
      return (await stack.call('POST', `${uploads}/url`, { file_url, file_name: '' })).body;
    },
  ],
];

describe('a picture', () => {
  test.each(ways)(
    'that is sent as %s is stored, has a link, and is an input of a task',
    async (_, send) => {
      const { success, code, data } = await send();

      expect([success, code]).toEqual([true, 200]);
      expect(data).toMatchObject({ file_size: sample.length, mime_type: 'image/jpeg' });
      expect(Date.parse(data.expires_at) - Date.parse(data.upload_time)).toBe(72 * 3600 * 1000);
      const shown = await fetch(data.file_url);
      expect(shown.headers.get('content-type')).toBe('image/jpeg');
      expect(Buffer.from(await shown.arrayBuffer()).equals(sample)).toBe(true);

      const { body: task } = await stack.create({
        prompt: 'Make it snow',
        size: '768x768',
        image_urls: [data.file_url],
      });
      expect((await stack.endedTask(task.id)).status).toBe('completed');
    },
  );

  test('is saved under its name, and its link says that no browser may guess its type', async () => {
    const { data } = await uploadForm(sample, 'IMG_0042.jpg', { file_name: 'Größe 👍🏽.html' });

    const saved = await fetch(data.download_url, { redirect: 'manual' });
    const head = await fetch(data.download_url, { method: 'HEAD' });
    const withKey = await fetch(data.file_url, { headers: authorization() });

    for (const response of [saved, head, withKey]) {
      expect([response.status, response.headers.get('x-content-type-options')]).toEqual([
        200,
        'nosniff',
      ]);
      expect(response.headers.get('content-length')).toBe(String(sample.length));
    }
    expect(saved.headers.get('content-disposition')).toBe(
      `attachment; filename="${data.file_id}.jpg"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%F0%9F%91%8D%F0%9F%8F%BD.html.jpg`,
    );
    expect(data).toMatchObject({ file_name: 'Größe 👍🏽.html', original_name: 'IMG_0042.jpg' });
  });

  test('replaces the picture of its name and is counted once, and the links of both lead to it', async () => {
    const account = await stack.withAccount(accountName('replacing'));
    const place = { upload_path: 'avatars', file_name: 'me' };
    const other = jpeg(500, 500);
    const put = async (picture: Uint8Array) =>
      (
        await account.call('POST', `${uploads}/base64`, {
          base64_data: asBase64(picture),
          ...place,
        })
      ).body.data;

    const [first, second] = [await put(sample), await put(other)];

    const quota = await account.call('GET', '/api/v1/files/quota');
    const list = await account.call('GET', '/api/v1/files/list?page=1&pageSize=100');
    expect(second.file_id).toBe(first.file_id);
    expect(quota.body.data).toMatchObject({ used_files: 1, remain_files: 99, max_files: 100 });
    expect(list.body.data).toMatchObject({ total: 1, files: [{ file_size: other.length }] });
    for (const link of [first.file_url, second.file_url]) {
      expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(other)).toBe(true);
    }
  });

  test('that was deleted is gone: the bytes of all its uploads, its links, and its place in the quota', async () => {
    const account = await stack.withAccount(accountName('deleting'));
    const put = async () =>
      (
        await account.call('POST', `${uploads}/base64`, {
          base64_data: asBase64(sample),
          file_name: 'a',
        })
      ).body.data;
    await put();
    const { file_id: id, file_url: link, download_url: download } = await put();
    const path = `/api/v1/files/${id}`;
    expect(await storedPictures(stack, id)).toHaveLength(2);

    const deleted = await account.call('DELETE', path);

    expect(responseErrors('DELETE /api/v1/files/{file_id}', deleted)).toEqual([]);
    expect(deleted.status).toBe(200);
    expect(await storedPictures(stack, id)).toEqual([]);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(404);
    expect((await fetch(download, { redirect: 'manual' })).status).toBe(404);
    expect((await account.call('DELETE', path)).body).toMatchObject({ success: false, code: 404 });
    expect((await account.call('GET', '/api/v1/files/quota')).body.data.used_files).toBe(0);
    expect((await account.call('GET', '/api/v1/files/list')).body.data).toEqual({
      total: 0,
      files: [],
    });
  });
});

test('uploads that come at once get exactly the places that are left', async () => {
  const account = await stack.withAccount(accountName('full'));
  const files = hostedFileTable(stack.dynamoDb, stack.tableWithKey('partition'));
  const records = Array.from({ length: 97 }, (_, index) =>
    hostedFile({ account: accountName('full'), name: `${index}`, uploadedAt: Date.now() }),
  );
  for (const record of records) expect(await files.put(record, 100)).toBe('stored');

  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      account.call('POST', `${uploads}/base64`, { base64_data: asBase64(sample) }),
    ),
  );

  const codes = answers.map(({ status, body }) => `${status} ${body.code}`).sort();
  expect(codes).toEqual([...Array(3).fill('200 200'), ...Array(5).fill('409 40003')]);
  const quota = await account.call('GET', '/api/v1/files/quota');
  expect(quota.body.data).toMatchObject({ used_files: 100, remain_files: 0 });
  const again = { base64_data: asBase64(sample), upload_path: 'images', file_name: '7' };
  expect((await account.call('POST', `${uploads}/base64`, again)).status).toBe(200);
});

test('a link to a picture above 4 MB redirects to the bucket, which knows its type and its name', async () => {
  const large = Buffer.concat([bmp(1000, 1000), Buffer.alloc(4_300_000)]).subarray(0, 4_300_000);
  const { data } = await uploadForm(large, 'a.bmp', { file_name: 'large.bmp' });

  const redirect = await fetch(data.download_url, { redirect: 'manual' });
  const saved = await fetch(data.download_url);

  expect([redirect.status, redirect.headers.get('x-content-type-options')]).toEqual([
    302,
    'nosniff',
  ]);
  expect(saved.headers.get('content-type')).toBe('image/bmp');
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment; .*large\.bmp$/);
  expect((await saved.arrayBuffer()).byteLength).toBe(large.length);
});

describe('another account', () => {
  test('does not see a file, cannot delete it, and does not replace it', async () => {
    const stranger = await stack.withAccount(accountName('stranger'));
    const place = { base64_data: asBase64(sample), upload_path: 'shared', file_name: 'logo.jpg' };
    const { data: mine } = (await uploadBase64(place)).body;

    const { data: theirs } = (await stranger.call('POST', `${uploads}/base64`, place)).body;
    const foreign = await stranger.call('DELETE', `/api/v1/files/${mine.file_id}`);
    const absent = await stranger.call('DELETE', `/api/v1/files/file_${'0'.repeat(26)}`);
    const list = await stranger.call('GET', '/api/v1/files/list');

    expect(theirs.file_id).not.toBe(mine.file_id);
    expect([foreign.status, absent.status]).toEqual([404, 404]);
    expect(foreign.body.msg.replace(mine.file_id, '')).toBe(
      absent.body.msg.replace(`file_${'0'.repeat(26)}`, ''),
    );
    expect(list.body.data.files.map((file: Body) => file.file_id)).toEqual([theirs.file_id]);
    expect((await fetch(mine.file_url)).status).toBe(200);
  });

  test('cannot make a link: one with another file, time, purpose or signature is refused alike', async () => {
    const { data } = await uploadForm(sample);
    const { data: other } = await uploadForm(sample);
    const show = new URL(data.file_url);
    const save = new URL(data.download_url);
    const changed = [
      show.href.replace(data.file_id, other.file_id),
      show.href.replace(/expires=\d+/, 'expires=9999999999'),
      show.href.replace(/expires=\d+/, 'expires=1'),
      show.href.slice(0, -1),
      `${show.origin}${show.pathname}`,
      `${save.origin}${save.pathname}${show.search}`,
      show.href.replace(data.file_id, `file-${'0'.repeat(26)}`),
    ];

    const answers = await Promise.all(changed.map((link) => fetch(link, { redirect: 'manual' })));

    expect(answers.map(({ status }) => status)).toEqual(changed.map(() => 403));
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  });

  test('reaches no file of POST /v1/files by a link of the Files API, and neither does its owner', async () => {
    const { body: file } = await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' });
    const { data } = await uploadForm(sample);
    const { search } = new URL(data.file_url);

    for (const path of ['content', 'download']) {
      const link = new URL(`/api/v1/files/${path}/${file.id}${search}`, stack.url);
      expect((await fetch(link, { redirect: 'manual' })).status).toBe(403);
    }
  });
});

describe('what is refused', () => {
  const base64 = (body: object) => () => uploadBase64(body);
  const url = (file_url: string) => () => stack.call('POST', `${uploads}/url`, { file_url });
  const form = (body: FormData) => async () => {
    const response = await sendForm(body);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const raw = (type: string, body: string | Uint8Array) => async () => {
    const response = await fetch(new URL(`${uploads}/stream`, stack.url), {
      method: 'POST',
      headers: { ...authorization(), 'content-type': type },
      body: Buffer.from(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const twice = () => {
    const both = formWith(sample);
    both.append('file', new Blob([sample]), 'b.jpg');
    return both;
  };
  const inOtherField = () => {
    const other = new FormData();
    other.append('image', new Blob([sample]), 'b.jpg');
    return other;
  };
  const picture = { base64_data: asBase64(sample) };
  const kinds: readonly (readonly [string, () => Promise<Body>, status: number, code: number])[] = [
    ['no file', base64({}), 400, 400],
    ['a text that is not Base64', base64({ base64_data: 'not base 64!' }), 400, 400],
    ['a data: address that is not Base64', base64({ base64_data: 'data:image/png,abc' }), 400, 400],
    ['an empty file', base64({ base64_data: 'data:image/png;base64,' }), 400, 400],
    [
      'a page that is declared as a picture',
      form(formWith(Buffer.from('<html></html>'), 'a.jpg')),
      415,
      40_002,
    ],
    ['a picture that is cut off', form(formWith(sample.subarray(0, 5000))), 415, 40_002],
    ['a GIF', base64({ base64_data: asBase64(Buffer.from('GIF89a;')) }), 415, 40_002],
    ['a file above the limit', form(formWith(Buffer.alloc(maxUploadBytes + 1, 1))), 413, 40_001],
    [
      'Base64 above the limit',
      base64({ base64_data: asBase64(Buffer.alloc(maxUploadBytes + 1)) }),
      413,
      40_001,
    ],
    ['a path upwards', base64({ ...picture, upload_path: '../other' }), 400, 400],
    ['a name with a slash', base64({ ...picture, file_name: 'a/b.jpg' }), 400, 400],
    ['a name with markup', base64({ ...picture, file_name: '<img src=x>.jpg' }), 400, 400],
    [
      'a name that changes the text direction',
      base64({ ...picture, file_name: 'a\u202egnp.exe' }),
      400,
      400,
    ],
    ['a name of 10 kB', base64({ ...picture, file_name: 'a'.repeat(10_000) }), 400, 400],
    ['a form without a boundary', raw('multipart/form-data', 'x'), 415, 415],
    ['no form at all', raw('application/json', '{}'), 415, 415],
    [
      'a form that ends too early',
      raw(
        'multipart/form-data; boundary=b',
        multipart('b', 'name="file"; filename="a"', sample, ''),
      ),
      400,
      400,
    ],
    ['two files', form(twice()), 400, 400],
    ['a file in another field', form(inOtherField()), 400, 400],
    ['a private address', url('https://10.0.0.1/a.jpg'), 400, 400],
    ['another protocol', url('ftp://example.com/a.jpg'), 400, 400],
    ['a page at an address', () => url(`${images.url}/page.html`)(), 415, 40_002],
    ['an address that answers 404', () => url(`${images.url}/nothing.jpg`)(), 400, 40_004],
    ['page 0', () => stack.call('GET', '/api/v1/files/list?page=0'), 400, 400],
    ['a page of 101', () => stack.call('GET', '/api/v1/files/list?pageSize=101'), 400, 400],
    [
      'an id of another kind',
      () => stack.call('DELETE', '/api/v1/files/file-0123456789abcdefghijklmnop'),
      404,
      404,
    ],
    ['no key', () => uploadBase64(picture, { authorization: '' }), 401, 401],
  ];

  test.each(kinds)('%s has its code in the published envelope', async (_, send, status, code) => {
    const answer = await send();

    expect([answer.status, answer.body]).toEqual([
      status,
      { success: false, code, msg: expect.stringMatching(/\w/) },
    ]);
  });

  test('leaves no file behind', async () => {
    const account = await stack.withAccount(accountName('refused'));
    await account.call('POST', `${uploads}/base64`, { base64_data: 'AAAA' });

    expect((await account.call('GET', '/api/v1/files/quota')).body.data.used_files).toBe(0);
    expect(await storedPictures(stack, `hosted/${accountName('refused')}/`)).toEqual([]);
  });

  test('a key that may only read lists files and stores and deletes none', async () => {
    const { api_key } = await issueKey(stack, { account: accountName('reader'), scopes: ['read'] });
    const headers = { authorization: `Bearer ${api_key}` };

    const upload = await uploadBase64(picture, headers);
    const removal = await stack.call(
      'DELETE',
      `/api/v1/files/file_${'0'.repeat(26)}`,
      undefined,
      headers,
    );
    const list = await stack.call('GET', '/api/v1/files/list', undefined, headers);

    expect([upload.status, upload.body.code]).toEqual([403, 403]);
    expect([removal.status, list.status]).toEqual([403, 200]);
  });

  test('a body above 6 MB is answered by the gateway in its own words', async () => {
    const response = await sendForm(formWith(Buffer.alloc(5_000_000)));

    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.json()).toEqual({ message: expect.any(String) });
  });
});

test('a file as large as the quota tells is taken in a form and as Base64', async () => {
  const { body } = await stack.call('GET', '/api/v1/files/quota');
  const large = Buffer.concat([bmp(1000, 1000), Buffer.alloc(body.data.max_upload_bytes)]).subarray(
    0,
    body.data.max_upload_bytes,
  );

  const sent = await uploadForm(large);
  const encoded = await uploadBase64({ base64_data: asBase64(large) });

  expect(sent.data).toMatchObject({ file_size: large.length, mime_type: 'image/bmp' });
  expect(encoded.body.data).toMatchObject({ file_size: large.length, mime_type: 'image/bmp' });
});

test('the list has pages, the newest first, with links that work', async () => {
  const account = await stack.withAccount(accountName('paging'));
  const names = ['a.png', 'b.png', 'c.png'];
  for (const file_name of names) {
    await account.call('POST', `${uploads}/base64`, {
      base64_data: asBase64(png(400, 400)),
      file_name,
    });
  }

  const pages = await Promise.all(
    [1, 2, 3].map((page) => account.call('GET', `/api/v1/files/list?page=${page}&pageSize=2`)),
  );

  expect(pages.map(({ body }) => body.data.total)).toEqual([3, 3, 3]);
  expect(pages.map(({ body }) => body.data.files.map((file: Body) => file.file_name))).toEqual([
    ['c.png', 'b.png'],
    ['a.png'],
    [],
  ]);
  expect((await fetch(pages[0]?.body.data.files[0].file_url)).status).toBe(200);
  for (const page of pages) expect(responseErrors('GET /api/v1/files/list', page)).toEqual([]);
});
