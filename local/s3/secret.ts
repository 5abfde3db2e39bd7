import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault, type FaultCode } from './fault.ts';

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** What a signing key is good for: `AKIA…/20260131/us-east-1/s3/aws4_request`. */
export type Scope = { readonly accessKeyId: string; readonly day: string; readonly region: string };

export function scopeOf(credential: string, malformed: FaultCode): Scope {
  const [accessKeyId = '', day = '', region = '', service, terminator, ...rest] =
    credential.split('/');
  if (service !== 's3' || terminator !== 'aws4_request' || rest.length > 0) {
    throw new Fault(malformed, `The credential ${credential} is not one for S3.`);
  }
  return { accessKeyId, day, region };
}

/** Throws unless `signature` is what the signer's secret makes of `text`; answers his access key. */
export function requireSignature(
  credentials: readonly Credentials[],
  { scope, text, signature }: { scope: Scope; text: string; signature: string },
): string {
  const signer = credentials.find(({ accessKeyId }) => accessKeyId === scope.accessKeyId);
  if (!signer) throw new Fault('InvalidAccessKeyId');
  const key = [scope.day, scope.region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (derived, part) => createHmac('sha256', derived).update(part).digest(),
    `AWS4${signer.secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(text).digest('hex');
  if (!isEqual(expected, signature)) throw new Fault('SignatureDoesNotMatch');
  return signer.accessKeyId;
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Milliseconds of `20260131T120000Z`; NaN for anything else. */
export const signedTime = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
