import { S3Error } from './error.ts';
import { echoed, firstOf, listEntries, listParameters } from './list-page.ts';
import { quotedEtag } from './object-headers.ts';
import { owner } from './owner.ts';
import type { S3Request, S3Response } from './request.ts';
import type { Stored } from './store.ts';
import { type Elements, s3Namespace, xmlDocument } from './xml.ts';

export function listObjectsV2({ address: { query }, bucket, store }: S3Request): S3Response {
  if (query.get('list-type') !== '2') throw new S3Error('InvalidArgument', 'Invalid list type.');
  const parameters = listParameters(query, 'max-keys');
  const { prefix, delimiter, limit, written } = parameters;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const from = token === null ? firstKeyAfter(startAfter) : keyOf(token);
  const entries = listEntries(store.keys, { prefix, delimiter, from, marker: '' });
  const { page, next } = firstOf(entries, limit);
  const hasOwner = query.get('fetch-owner') === 'true';
  const content = {
    Name: bucket.name,
    ...echoed(query, parameters),
    ...(startAfter && { StartAfter: written(startAfter) }),
    MaxKeys: limit,
    KeyCount: page.length,
    IsTruncated: next !== undefined,
    ...(token !== null && { ContinuationToken: token }),
    ...(next && { NextContinuationToken: tokenOf(next.key) }),
    Contents: page.flatMap(({ key, commonPrefix }) => {
      const object = commonPrefix === undefined && store.find(key);
      if (!object) return [];
      return [{ Key: written(key), ...describe(object), ...(hasOwner && { Owner: owner }) }];
    }),
    CommonPrefixes: page.flatMap(({ commonPrefix }) =>
      commonPrefix === undefined ? [] : [{ Prefix: written(commonPrefix) }],
    ),
  };
  return { status: 200, body: xmlDocument('ListBucketResult', content, s3Namespace) };
}

/** What lists say about an object, beside its key. */
export const describe = (object: Stored): Elements => ({
  LastModified: new Date(object.modifiedAt).toISOString(),
  ETag: quotedEtag(object),
  Size: object.size,
  StorageClass: 'STANDARD',
  ...(object.checksum && {
    ChecksumAlgorithm: object.checksum.algorithm,
    ChecksumType: object.checksum.type,
  }),
});

// No key sorts between a key and the same key followed by a zero byte.
const firstKeyAfter = (key: string): string => (key === '' ? '' : `${key}\0`);

// A token is the first key of the next page.
const tokenOf = (key: string): string => Buffer.from(key).toString('base64url');

function keyOf(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (key !== '' && tokenOf(key) === token) return key;
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
}
