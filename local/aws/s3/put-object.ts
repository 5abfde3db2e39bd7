import { sentAlgorithm } from './digests.ts';
import { checksumHeaders, objectHeaders, quotedEtag, versionHeader } from './object-headers.ts';
import { requireWritable } from './preconditions.ts';
import type { S3Request, S3Response } from './request.ts';
import { verifiedBody } from './request-body.ts';

export async function putObject(request: S3Request): Promise<S3Response> {
  const { address, headers, store } = request;
  const object = await store.put({
    key: address.key,
    headers: objectHeaders(headers),
    body: verifiedBody(request),
    algorithm: sentAlgorithm(headers),
    allow: (existing) => requireWritable(headers, existing),
  });
  return {
    status: 200,
    headers: {
      etag: quotedEtag(object),
      ...checksumHeaders(object),
      ...versionHeader(store, object),
    },
    created: { event: 'ObjectCreated:Put', object },
  };
}
