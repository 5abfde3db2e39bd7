import { openCopySource, parseCopySource } from './copy-source.ts';
import { S3Error } from './error.ts';
import type { Headers } from './http-request.ts';
import { objectHeaders, quotedEtag, versionHeader } from './object-headers.ts';
import { requireWritable } from './preconditions.ts';
import type { S3Context, S3Request, S3Response } from './request.ts';
import { s3Namespace, xmlDocument } from './xml.ts';

export async function copyObject(
  { address, bucket, headers, store }: S3Request,
  context: S3Context,
): Promise<S3Response> {
  const from = parseCopySource(headers);
  const replaces = replacesMetadata(headers);
  const isItself =
    from.bucket === bucket.name && from.key === address.key && from.versionId === undefined;
  if (isItself && !replaces) {
    throw new S3Error('InvalidRequest', 'A copy to itself must replace the metadata.');
  }

  const source = await openCopySource(headers, context);
  await using file = source.file;
  const object = await store.put({
    key: address.key,
    headers: replaces ? objectHeaders(headers) : source.object.headers,
    body: file.createReadStream({ autoClose: false }),
    algorithm: source.object.checksum?.algorithm,
    allow: (existing) => requireWritable(headers, existing),
  });
  return {
    status: 200,
    headers: { ...versionHeader(store, object), ...source.versionHeaders },
    body: xmlDocument(
      'CopyObjectResult',
      { ETag: quotedEtag(object), LastModified: new Date(object.modifiedAt).toISOString() },
      s3Namespace,
    ),
    created: { event: 'ObjectCreated:Copy', object },
  };
}

function replacesMetadata(headers: Headers): boolean {
  const directive = headers['x-amz-metadata-directive']?.toUpperCase() ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive === 'REPLACE';
  throw new S3Error('InvalidArgument', 'Unknown metadata directive.');
}
