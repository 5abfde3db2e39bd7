import { createHmac } from 'node:crypto';
import type { UploadForm } from '../task/view.ts';

// Only a POST policy can carry a size limit and the exact type; a presigned PUT caps no size.
const leastBytes = 1;
const mostBytes = 10 * 1024 * 1024;
const validSeconds = 15 * 60;

/** Where and as whom a client of the SDK acts. */
type Signer = {
  region(): Promise<string>;
  credentials(): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  }>;
};

type Bucket = {
  readonly bucket: string;
  /** Where S3 is, if that is not AWS. */
  readonly endpoint?: string | undefined;
};

/**
 * A form with which one picture can be uploaded: this key, this type, 1 B to 10 MB, a quarter of an hour.
 * Signed by hand, since the SDK's own way brings all of its S3 client into the bundle of every create.
 */
export const uploadForms =
  (signer: Signer, { bucket, endpoint }: Bucket) =>
  async (key: string, contentType: string, now: number): Promise<UploadForm> => {
    const [region, credentials] = await Promise.all([signer.region(), signer.credentials()]);
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const moment = isoSeconds(now).replace(/[-:]/g, '');
    const scope = [moment.slice(0, 8), region, 's3', 'aws4_request'];
    const expiresAt = now + validSeconds * 1000;
    const fields = {
      'Content-Type': contentType,
      bucket,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': [accessKeyId, ...scope].join('/'),
      'X-Amz-Date': moment,
      ...(sessionToken && { 'X-Amz-Security-Token': sessionToken }),
      key,
    };
    const Policy = policyOf(fields, expiresAt);
    const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
    return {
      url: endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com/`,
      fields: { ...fields, Policy, 'X-Amz-Signature': hmac(signingKey, Policy).toString('hex') },
      expiresAt,
    };
  };

// Every field of the form must be as it is here, and none may be added.
function policyOf(fields: Readonly<Record<string, string>>, expiresAt: number): string {
  const conditions = [
    ['content-length-range', leastBytes, mostBytes],
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
  ];
  const policy = { expiration: isoSeconds(expiresAt), conditions };
  return Buffer.from(JSON.stringify(policy)).toString('base64');
}

const isoSeconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
