import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { fileKey, hostedFileKey } from '../../functions/adapters/aws/s3/bucket-keys.ts';
import {
  fileBucketDeletion,
  fileDownloader,
  fileReceiver,
  storedFiles,
} from '../../functions/adapters/aws/s3/hosted-bucket.ts';
import { hostedFile } from '../support/hosted-files.ts';
import { jpeg } from '../support/pictures.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { s3 } from './s3.ts';
import { bucketNames } from './template-resources.ts';
import { webServer } from './web-server.ts';

const Bucket = bucketNames.inputs;
const picture = jpeg(640, 480);
const maxBytes = 10_000;

async function setUp({ versioned = false } = {}) {
  const bucket = await s3({ versioned });
  const options = { bucket: Bucket, maxBytes };
  return {
    ...bucket,
    receive: fileReceiver(bucket.client, options),
    download: fileDownloader(bucket.client, {
      ...options,
      userAgent: 'Darkroom/1',
      http: true,
      allowLoopback: true,
    }),
    links: storedFiles(bucket.client, Bucket),
    deletion: fileBucketDeletion(bucket.client, Bucket),
  };
}

test('a file that was received is stored under its account, id and upload, with the type of its content', async () => {
  const { receive, get } = await setUp();
  const file = hostedFile();

  await using received = await receive(Readable.from([picture], { objectMode: false }));
  await received.store(file);

  expect(received.file.size).toBe(picture.length);
  const Key = `hosted/default/${file.id}/first.jpeg`;
  expect(await get({ Bucket, Key })).toEqual({ type: 'image/jpeg', bytes: picture });
});

test.each([
  ['a body that is too large', Readable.from([Buffer.alloc(maxBytes + 1)]), 'too-large'],
  [
    'a body that breaks off',
    new Readable({
      read() {
        this.destroy(new Error('gone'));
      },
    }),
    'incomplete',
  ],
])('%s is refused with a reason, and nothing is stored', async (_, body, reason) => {
  const { receive, keys } = await setUp();

  expect(await thrownBy(receive(body))).toMatchObject({
    name: 'FileProblem',
    problem: { reason },
  });
  expect(await keys(Bucket)).toEqual([]);
});

test('a file at an address is received', async () => {
  const { download } = await setUp();
  const web = await webServer({ '/a.jpg': (response) => void response.end(picture) });

  await using received = await download(`${web.url}/a.jpg`);

  expect(Buffer.from(received.file.read(0, picture.length))).toEqual(picture);
});

test.each<[string, string, (response: ServerResponse) => void, object]>([
  [
    'an address that answers with an error',
    '/a',
    (response) => void response.writeHead(403).end('no'),
    { reason: 'http-status', status: 403 },
  ],
  [
    'a file that is too large',
    '/a',
    (response) => void response.end(Buffer.alloc(maxBytes + 1)),
    { reason: 'too-large', maxBytes },
  ],
  [
    'a redirect to a private address',
    '/a',
    (response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    { reason: 'address' },
  ],
])('%s is refused with a reason', async (_, path, respond, problem) => {
  const { download } = await setUp();
  const web = await webServer({ [path]: (response) => respond(response) });

  expect(await thrownBy(download(`${web.url}${path}`))).toMatchObject({ problem });
});

test('a link leads to the bytes for some minutes, with their type and their name, whatever the name is', async () => {
  const { links, put } = await setUp();
  const file = hostedFile({ name: 'evil".html\u0301' });
  await put({ Bucket, Key: hostedFileKey(file) }, picture, 'text/html');

  const saved = await fetch(await links.link(file, 'attachment'));

  expect(saved.headers.get('content-type')).toBe('image/jpeg');
  expect(saved.headers.get('content-disposition')).toBe(
    `attachment; filename="${file.id}.jpg"; filename*=UTF-8''evil%22.html%CC%81.jpg`,
  );
  expect(Buffer.from(await saved.arrayBuffer())).toEqual(picture);
  expect(await links.read(file)).toEqual(picture);
});

test('every version of all uploads of a file is deleted for good, and no other file', async () => {
  const { deletion, put, versions } = await setUp({ versioned: true });
  const file = hostedFile();
  const others = [
    hostedFileKey(hostedFile({ name: 'other' })),
    hostedFileKey(hostedFile({ account: 'default2' })),
    fileKey('default', 'file-1'),
  ];
  const own = [hostedFileKey(file), hostedFileKey(file), hostedFileKey({ ...file, version: 'b' })];
  for (const Key of [...own, ...others]) await put({ Bucket, Key }, picture);

  await deletion.deleteAll(file);
  await deletion.deleteAll(file);

  expect((await versions(Bucket)).sort()).toEqual(others.sort());
});
