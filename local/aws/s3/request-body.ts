import { unchunked } from './aws-chunked.ts';
import { type Check, checked, declaredChecks, signedPayload } from './digests.ts';
import { S3Error } from './error.ts';
import type { S3Request } from './request.ts';

/** The bytes of a request. @throws {S3Error} at their end when they are not the signed or the declared ones */
export function verifiedBody({ headers, body, payload }: S3Request): AsyncIterable<Buffer> {
  const trailers = new Map<string, string>();
  const checks = declaredChecks(headers, trailers);
  if (payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    if (headers['content-length'] === undefined) throw new S3Error('MissingContentLength');
    return checked(body, [...checks, ...payloadChecks(payload)]);
  }
  const length = headers['x-amz-decoded-content-length'];
  if (length === undefined) throw new S3Error('MissingContentLength');
  return checked(unchunked(body, Number(length), trailers), checks);
}

/** The check of the body that the signature covers. */
export function payloadChecks(payload: string): Check[] {
  if (payload === 'UNSIGNED-PAYLOAD') return [];
  if (/^[0-9a-f]{64}$/.test(payload)) return [signedPayload(payload)];
  throw new S3Error('NotImplemented', `This S3 cannot read a ${payload} body.`);
}
