import { encodedPath } from './address.ts';
import { quoted } from './attributes.ts';
import type { Call, Reply } from './call.ts';
import { Fault } from './fault.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

/** ListObjectsV2, without delimiters. */
export function listObjects({ address: { query }, bucket, store }: Call): Reply {
  if (query.get('list-type') !== '2' || query.get('delimiter')) {
    throw new Fault('NotImplemented', 'This S3 lists with list-type=2 and without a delimiter.');
  }
  const prefix = query.get('prefix') ?? '';
  const limit = pageSize(query.get('max-keys'));
  const token = query.get('continuation-token');
  const after = Buffer.from(token ?? '', 'base64url').toString() || query.get('start-after') || '';
  const isBehind = (key: string) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
  const name = query.get('encoding-type') === 'url' ? encodedPath : (key: string) => key;

  const matching = store.list().filter(({ key }) => key.startsWith(prefix) && isBehind(key));
  const page = matching.slice(0, limit);
  const last = page.at(-1)?.key;
  const next = matching.length > page.length && last !== undefined;
  const content = {
    Name: bucket.name,
    Prefix: name(prefix),
    MaxKeys: limit,
    KeyCount: page.length,
    IsTruncated: next,
    ...(token && { ContinuationToken: token }),
    ...(next && { NextContinuationToken: Buffer.from(last).toString('base64url') }),
    Contents: page.map((object) => ({
      Key: name(object.key),
      LastModified: new Date(object.modifiedAt).toISOString(),
      ETag: quoted(object),
      Size: object.size,
      StorageClass: 'STANDARD',
    })),
  };
  return { status: 200, body: xmlDocument('ListBucketResult', content, s3Namespace) };
}

function pageSize(text: string | null): number {
  if (text === null) return 1000;
  if (!/^\d{1,9}$/.test(text)) throw new Fault('InvalidArgument', 'max-keys is not a number');
  return Math.min(1000, Number(text));
}
