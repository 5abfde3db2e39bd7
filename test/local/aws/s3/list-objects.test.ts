import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { clientOf, localS3 } from './local-s3.ts';

const Bucket = 'photos';
type Input = Omit<ListObjectsV2CommandInput, 'Bucket'>;

const list = (client: S3Client, input: Input = {}) =>
  client.send(new ListObjectsV2Command({ Bucket, ...input }));

const keysOf = ({ Contents = [] }: ListObjectsV2CommandOutput) => Contents.map(({ Key }) => Key);
const prefixesOf = ({ CommonPrefixes = [] }: ListObjectsV2CommandOutput) =>
  CommonPrefixes.map(({ Prefix }) => Prefix);

async function bucketWith(...keys: readonly string[]) {
  const { client } = await localS3();
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  return client;
}

/** All pages of a list: what is in each, in order. */
async function pages(client: S3Client, input: Input) {
  const found: string[][] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket, ...input })) {
    expect(page.KeyCount).toBe(keysOf(page).length + prefixesOf(page).length);
    found.push([...keysOf(page), ...prefixesOf(page)].map(String));
  }
  return found;
}

test('keys with the delimiter behind the prefix are one common prefix', async () => {
  const client = await bucketWith('a', 'in/1/x', 'in/1/y', 'in/2', 'in/', 'inner', 'in/3//z');

  const top = await list(client, { Delimiter: '/' });
  const inside = await list(client, { Delimiter: '/', Prefix: 'in/' });

  expect([keysOf(top), prefixesOf(top), top.KeyCount]).toEqual([['a', 'inner'], ['in/'], 3]);
  expect([keysOf(inside), prefixesOf(inside)]).toEqual([
    ['in/', 'in/2'],
    ['in/1/', 'in/3/'],
  ]);
  expect(inside).toMatchObject({ Name: Bucket, Prefix: 'in/', Delimiter: '/', MaxKeys: 1000 });
});

test('a delimiter may be of several characters, and a prefix may end in the middle of a name', async () => {
  const client = await bucketWith('2026--01--a', '2026--02--b', '2026-03', '2027--01--c');

  const listed = await list(client, { Delimiter: '--', Prefix: '2026-' });

  expect([keysOf(listed), prefixesOf(listed)]).toEqual([['2026-03'], ['2026--01--', '2026--02--']]);
});

test('a common prefix counts as one of max-keys and is on one page only', async () => {
  const client = await bucketWith('a/1', 'a/2', 'b', 'c/1', 'c/2', 'd');

  expect(await pages(client, { Delimiter: '/', MaxKeys: 1 })).toEqual([
    ['a/'],
    ['b'],
    ['c/'],
    ['d'],
  ]);
  expect(await pages(client, { Delimiter: '/', MaxKeys: 3 })).toEqual([['b', 'a/', 'c/'], ['d']]);
});

test('a page begins where the one before ended, whatever was written or deleted since', async () => {
  const client = await bucketWith('a', 'b', 'd', 'f');

  const { NextContinuationToken } = await list(client, { MaxKeys: 2 });
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'd' }));
  for (const Key of ['a0', 'e']) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  }
  const next = await list(client, { ContinuationToken: NextContinuationToken, StartAfter: 'zzz' });

  expect(keysOf(next)).toEqual(['e', 'f']);
  expect(next).toMatchObject({ ContinuationToken: NextContinuationToken, IsTruncated: false });
});

test('start-after leaves out its key and all before it', async () => {
  const client = await bucketWith('a', 'b', 'b/1', 'b/2', 'c');

  const plain = await list(client, { StartAfter: 'b' });
  const inPrefix = await list(client, { StartAfter: 'b/1', Delimiter: '/' });

  expect([keysOf(plain), plain.StartAfter]).toEqual([['b/1', 'b/2', 'c'], 'b']);
  expect([keysOf(inPrefix), prefixesOf(inPrefix)]).toEqual([['c'], ['b/']]);
  expect(keysOf(await list(client, { StartAfter: 'c' }))).toEqual([]);
  expect(keysOf(await list(client, { StartAfter: 'a', Prefix: 'b/' }))).toEqual(['b/1', 'b/2']);
});

test('keys are in the order of their UTF-8 bytes', async () => {
  const sorted = ['A', 'Z', 'a', 'a b', 'a!', 'a/b', 'aa', 'é', '日', '\ue000', '\uffee', '😀'];
  const client = await bucketWith(...sorted.toReversed());

  expect(keysOf(await list(client))).toEqual(sorted);
  expect((await pages(client, { MaxKeys: 5 })).flat()).toEqual(sorted);
});

test('encoding-type=url writes all names percent-encoded', async () => {
  const client = await bucketWith('a b+ü/ç&1', 'a b+ü/2', 'a%\u0001');

  const listed = await list(client, {
    EncodingType: 'url',
    Delimiter: 'ç&',
    Prefix: 'a',
    StartAfter: 'a ',
  });

  expect(keysOf(listed)).toEqual(['a+b%2B%C3%BC/2', 'a%25%01']);
  expect(prefixesOf(listed)).toEqual(['a+b%2B%C3%BC/%C3%A7%26']);
  expect(listed).toMatchObject({
    EncodingType: 'url',
    Delimiter: '%C3%A7%26',
    Prefix: 'a',
    StartAfter: 'a+',
  });
});

test('the owner is named only to a client that asks for it', async () => {
  const client = await bucketWith('a');

  const plain = await list(client);
  const full = await list(client, { FetchOwner: true });

  expect(plain.Contents?.[0]?.Owner).toBeUndefined();
  expect(full.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
});

test('max-keys of 0 asks for nothing and gets it', async () => {
  const client = await bucketWith('a');

  expect(await list(client, { MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
});

test.each([
  ['an invalid token', { ContinuationToken: '!' }],
  ['an empty token', { ContinuationToken: '' }],
  ['a negative max-keys', { MaxKeys: -1 }],
])('%s is rejected', async (_, input) => {
  const client = await bucketWith('a');

  await expect(list(client, input)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test.each(['encoding-type=base64', 'list-type=3'])('%s is rejected', async (parameter) => {
  const client = await bucketWith('a');
  const [name = '', value = ''] = parameter.split('=');
  client.middlewareStack.add(
    (next) => (args) => {
      const { query } = Object.assign({ query: {} }, args.request);
      Object.assign(query, { [name]: value });
      return next(args);
    },
    { step: 'build' },
  );
  const link = await getSignedUrl(client, new ListObjectsV2Command({ Bucket }));

  const response = await fetch(link);

  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining('<Code>InvalidArgument</Code>'),
  ]);
});

test('a list of many keys comes in pages of a thousand', async () => {
  const { client, dataDir, stop, restart } = await localS3();
  await client.send(new PutObjectCommand({ Bucket, Key: 'in/0000', Body: 'x' }));
  await stop();
  const keys = Array.from({ length: 1100 }, (_, n) => `in/${String(n).padStart(4, '0')}`);
  await cloneRecord(join(dataDir, Bucket), keys);

  const found = await pages(clientOf((await restart()).url), { Prefix: 'in/' });

  expect(found.map(({ length }) => length)).toEqual([1000, 100]);
  expect(found.flat()).toEqual(keys);
});

// Thousands of uploads would take a minute.
async function cloneRecord(directory: string, keys: readonly string[]) {
  const name = (await readdir(directory)).find((file) => file.endsWith('.json')) ?? '';
  const record: unknown = JSON.parse(await readFile(join(directory, name), 'utf8'));
  for (const key of keys) {
    const clone = `${createHash('sha256').update(key).digest('hex')}.json`;
    await writeFile(join(directory, clone), JSON.stringify(Object.assign({}, record, { key })));
  }
}
