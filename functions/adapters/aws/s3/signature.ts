import { createHmac } from 'node:crypto';

/** Region and credentials, as every client of the SDK has them in its configuration. */
export type Signer = {
  region(): Promise<string>;
  credentials(): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  }>;
};

/**
 * What Signature Version 4 needs for S3 at this moment. Forms and links are signed here and not by the SDK, which would
 * bring its whole S3 client into bundles that send nothing to S3.
 */
export async function signatureAt(signer: Signer, now: number) {
  const [region, credentials] = await Promise.all([signer.region(), signer.credentials()]);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const timestamp = isoSeconds(now).replace(/[-:]/g, '');
  const scope = [timestamp.slice(0, 8), region, 's3', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return {
    region,
    scope: scope.join('/'),
    /** The parameters that say how and by whom something is signed. */
    parameters: {
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': [accessKeyId, ...scope].join('/'),
      'X-Amz-Date': timestamp,
      ...(sessionToken && { 'X-Amz-Security-Token': sessionToken }),
    },
    sign: (text: string): string => hmac(key, text).toString('hex'),
  };
}

/** The address of a bucket. `endpoint` is that of S3, if that is not AWS. */
export const bucketUrl = (bucket: string, region: string, endpoint?: string): string =>
  endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com/`;

export const isoSeconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
