import { createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error, type S3ErrorCode } from './error.ts';

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** The scope of a signing key: `AKIA…/20260131/us-east-1/s3/aws4_request`. */
export type Scope = { readonly accessKeyId: string; readonly day: string; readonly region: string };

export function scopeOf(credential: string, malformed: S3ErrorCode): Scope {
  const [accessKeyId = '', day = '', region = '', service, terminator, ...rest] =
    credential.split('/');
  if (service !== 's3' || terminator !== 'aws4_request' || rest.length > 0) {
    throw new S3Error(malformed, `The credential ${credential} is not one for S3.`);
  }
  return { accessKeyId, day, region };
}

/**
 * Checks that `signature` is the signature of `text` by the owner of the access key, and returns that key.
 * @throws {S3Error} when it is not
 */
export function requireSignature(
  credentials: readonly Credentials[],
  { scope, text, signature }: { scope: Scope; text: string; signature: string },
): string {
  const signer = credentials.find(({ accessKeyId }) => accessKeyId === scope.accessKeyId);
  if (!signer) throw new S3Error('InvalidAccessKeyId');
  const key = [scope.day, scope.region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (derived, part) => createHmac('sha256', derived).update(part).digest(),
    `AWS4${signer.secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(text).digest('hex');
  if (!isEqual(expected, signature)) throw new S3Error('SignatureDoesNotMatch');
  return signer.accessKeyId;
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Milliseconds of `20260131T120000Z`; NaN for anything else. */
export const signedTime = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
