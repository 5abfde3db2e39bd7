import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientOf, localS3 } from './local-s3.ts';

const Bucket = 'photos';

type Version = { readonly id: string; readonly text: string | undefined };
/** What the bucket has to contain: the versions of each key, the newest first. */
type Model = Map<string, readonly Version[]>;

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly text: string }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete version'; readonly key: string; readonly index: number }
  | { readonly kind: 'restart' };

// Few names, so that steps concern the same keys. Some sort differently in UTF-8 and UTF-16.
const Key = fc.constantFrom(
  'a',
  'a/b',
  'a/c',
  'a/c/d',
  'a-',
  'é',
  '\uffee',
  '😀',
  'z/😀/1',
  'z/\uffee',
);
const Steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('put'),
        key: Key,
        text: fc.string({ minLength: 1 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), key: Key }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('delete version'), key: Key, index: fc.nat(2) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  ),
  { minLength: 4, maxLength: 20 },
);
const Listing = fc.record({
  delimiter: fc.constantFrom('', '/', 'c'),
  prefix: fc.constantFrom('', 'a', 'a/', 'z/', 'none'),
  limit: fc.integer({ min: 1, max: 4 }),
  startAfter: fc.constantFrom('', 'a', 'a/b', 'é', 'z'),
});

test.each([{ versioned: true }, { versioned: false }])(
  'a bucket behaves like a simple model of it: %j',
  async (bucket) => {
    await fc.assert(
      fc.asyncProperty(Steps, Listing, async (steps, listing) => {
        const s3 = await localS3(bucket);
        let { client, stop } = s3;
        const model: Model = new Map();
        for (const step of steps) {
          if (step.kind === 'restart') {
            await stop();
            const restarted = await s3.restart();
            client = clientOf(restarted.url);
            stop = restarted.close;
          } else {
            await apply(client, model, step, bucket.versioned);
          }
        }

        expect(await versionsOf(client)).toEqual(expectedVersions(model));
        expect(await objectsOf(client)).toEqual(currentObjects(model));
        expect(await listed(client, listing)).toEqual(expectedList(model, listing));
        await stop();
      }),
      { numRuns: 5 },
    );
  },
);

async function apply(
  client: S3Client,
  model: Model,
  step: Exclude<Step, { kind: 'restart' }>,
  versioned: boolean,
): Promise<void> {
  const { key } = step;
  const versions = model.get(key) ?? [];
  const location = { Bucket, Key: key };
  switch (step.kind) {
    case 'put': {
      const put = new PutObjectCommand({ ...location, Body: step.text });
      const { VersionId = 'null' } = await client.send(put);
      model.set(key, [{ id: VersionId, text: step.text }, ...(versioned ? versions : [])]);
      break;
    }
    case 'delete': {
      const { VersionId = 'null' } = await client.send(new DeleteObjectCommand(location));
      model.set(key, versioned ? [{ id: VersionId, text: undefined }, ...versions] : []);
      break;
    }
    case 'delete version': {
      const VersionId = versions[step.index]?.id ?? 'null';
      await client.send(new DeleteObjectCommand({ ...location, VersionId }));
      model.set(
        key,
        versions.filter(({ id }) => id !== VersionId),
      );
      break;
    }
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const sortedKeys = (model: Model) => [...model.keys()].toSorted(byBytes);

const expectedVersions = (model: Model) =>
  sortedKeys(model).flatMap((key) =>
    (model.get(key) ?? []).map(({ id, text }, index) => ({
      key,
      id,
      isLatest: index === 0,
      size: text === undefined ? undefined : Buffer.byteLength(text),
    })),
  );

async function versionsOf(client: S3Client) {
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket }),
  );
  const described = [
    ...Versions.map(({ Key, VersionId, IsLatest, Size }) => ({
      key: Key ?? '',
      id: VersionId ?? '',
      isLatest: IsLatest,
      size: Size,
    })),
    ...DeleteMarkers.map(({ Key, VersionId, IsLatest }) => ({
      key: Key ?? '',
      id: VersionId ?? '',
      isLatest: IsLatest,
      size: undefined,
    })),
  ];
  // The SDK puts delete markers into a list of their own; ids grow with time.
  return described.toSorted((a, b) => byBytes(a.key, b.key) || byBytes(b.id, a.id));
}

const currentObjects = (model: Model) =>
  Object.fromEntries(
    sortedKeys(model).flatMap((key) => {
      const text = model.get(key)?.[0]?.text;
      return text === undefined ? [] : [[key, text] as const];
    }),
  );

async function objectsOf(client: S3Client) {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const objects = Contents.map(async ({ Key = '' }) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return [Key, await Body?.transformToString()] as const;
  });
  return Object.fromEntries(await Promise.all(objects));
}

type Listing = typeof Listing extends fc.Arbitrary<infer T> ? T : never;

async function listed(client: S3Client, { delimiter, prefix, limit, startAfter }: Listing) {
  const lines: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        Delimiter: delimiter,
        Prefix: prefix,
        MaxKeys: limit,
        StartAfter: startAfter,
        ContinuationToken,
      }),
    );
    const found = [
      ...(page.Contents ?? []).map(({ Key = '' }) => Key),
      ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => `${Prefix}*`),
    ];
    expect(found.length).toBe(page.KeyCount);
    expect(found.length).toBeLessThanOrEqual(limit);
    lines.push(...found);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return lines.toSorted(byBytes);
}

function expectedList(model: Model, { delimiter, prefix, startAfter }: Listing) {
  const keys = Object.keys(currentObjects(model)).filter(
    (key) => key.startsWith(prefix) && byBytes(key, startAfter) > 0,
  );
  const lines = keys.map((key) => {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? key : `${key.slice(0, at + delimiter.length)}*`;
  });
  return [...new Set(lines)].toSorted(byBytes);
}
