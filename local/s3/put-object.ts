import { attributesOf, names, quoted } from './attributes.ts';
import { unchunked } from './aws-chunked.ts';
import type { Call, Headers, Reply } from './call.ts';
import { type Check, checked, declaredChecks, signedPayload } from './digests.ts';
import { Fault } from './fault.ts';
import type { Stored } from './store.ts';

/** `payload` is what was signed in place of the body. */
export async function putObject(call: Call, payload: string): Promise<Reply> {
  const { address, headers, store } = call;
  const object = await store.put({
    key: address.key,
    headers: attributesOf(headers),
    body: verifiedBody(call, payload),
    allow: (existing) => requirePreconditions(headers, existing),
  });
  return {
    status: 200,
    headers: { etag: quoted(object), 'x-amz-checksum-crc32': object.crc32 },
    created: { event: 'ObjectCreated:Put', object },
  };
}

function verifiedBody({ headers, body }: Call, payload: string): AsyncIterable<Buffer> {
  const trailers = new Map<string, string>();
  const checks = declaredChecks(headers, trailers);
  if (payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    if (headers['content-length'] === undefined) throw new Fault('MissingContentLength');
    return checked(body, [...checks, ...payloadChecks(payload)]);
  }
  const length = headers['x-amz-decoded-content-length'];
  if (length === undefined) throw new Fault('MissingContentLength');
  return checked(unchunked(body, Number(length), trailers), checks);
}

function payloadChecks(payload: string): Check[] {
  if (payload === 'UNSIGNED-PAYLOAD') return [];
  if (/^[0-9a-f]{64}$/.test(payload)) return [signedPayload(payload)];
  throw new Fault('NotImplemented', `This S3 cannot read a ${payload} body.`);
}

function requirePreconditions(headers: Headers, existing: Stored | undefined): void {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match && !existing) throw new Fault('NoSuchKey');
  if (match && !names(match, existing)) throw new Fault('PreconditionFailed');
  if (noneMatch && names(noneMatch, existing)) throw new Fault('PreconditionFailed');
}
