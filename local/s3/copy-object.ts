import { decoded } from './address.ts';
import { attributesOf, names, quoted } from './attributes.ts';
import type { Call, Headers, Reply } from './call.ts';
import { Fault } from './fault.ts';
import type { Store, Stored } from './store.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

/** `source` is the value of `x-amz-copy-source`. */
export async function copyObject(
  { address, bucket, headers, store }: Call,
  source: string,
  stores: ReadonlyMap<string, Store>,
): Promise<Reply> {
  const from = sourceOf(source);
  const sourceStore = stores.get(from.bucket);
  if (!sourceStore) throw new Fault('NoSuchBucket');
  const replaces = headers['x-amz-metadata-directive']?.toUpperCase() === 'REPLACE';
  if (!replaces && from.bucket === bucket.name && from.key === address.key) {
    throw new Fault('InvalidRequest', 'A copy to itself must replace the metadata.');
  }

  const original = await sourceStore.open(from.key);
  if (!original) throw new Fault('NoSuchKey');
  await using file = original.file;
  requirePreconditions(headers, original.object);
  const object = await store.put({
    key: address.key,
    headers: replaces ? attributesOf(headers) : original.object.headers,
    body: file.createReadStream({ autoClose: false }),
  });
  return {
    status: 200,
    body: xmlDocument(
      'CopyObjectResult',
      { ETag: quoted(object), LastModified: new Date(object.modifiedAt).toISOString() },
      s3Namespace,
    ),
    created: { event: 'ObjectCreated:Copy', object },
  };
}

/** What `x-amz-copy-source` names. */
export function sourceOf(header: string): { bucket: string; key: string } {
  const [path = '', version] = header.split('?');
  if (version) throw new Fault('NotImplemented', 'This S3 has no versions.');
  const [bucket = '', ...key] = decoded(path).replace(/^\//, '').split('/');
  return { bucket, key: key.join('/') };
}

function requirePreconditions(headers: Headers, original: Stored): void {
  const match = headers['x-amz-copy-source-if-match'];
  const noneMatch = headers['x-amz-copy-source-if-none-match'];
  if (match && !names(match, original)) throw new Fault('PreconditionFailed');
  if (noneMatch && names(noneMatch, original)) throw new Fault('PreconditionFailed');
}
