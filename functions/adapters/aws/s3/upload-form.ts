import { createHmac } from 'node:crypto';
import { uploadFormMs } from '../../../domain/model/task.ts';
import type { UploadForm } from '../../../domain/wire/view.ts';

const minBytes = 1;

/** Region and credentials, as every client of the SDK has them in its configuration. */
type Signer = {
  region(): Promise<string>;
  credentials(): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  }>;
};

type Options = {
  readonly bucket: string;
  /** The address of S3, if that is not AWS. */
  readonly endpoint?: string | undefined;
  /** The size limit of a picture. */
  readonly maxBytes: number;
};

/**
 * A form with which one picture can be uploaded: this key, this type, from one byte to the limit, for a quarter of
 * an hour if no other end is given. It is a POST policy, since a presigned PUT can limit neither the size nor the
 * type. It is signed here and not by the SDK, which would bring its whole S3 client into the bundle of create-task.
 */
export const uploadForms =
  (signer: Signer, { bucket, endpoint, maxBytes }: Options) =>
  async (
    key: string,
    contentType: string,
    now: number,
    expiresAt = now + uploadFormMs,
  ): Promise<UploadForm> => {
    const [region, credentials] = await Promise.all([signer.region(), signer.credentials()]);
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const timestamp = isoSeconds(now).replace(/[-:]/g, '');
    const scope = [timestamp.slice(0, 8), region, 's3', 'aws4_request'];
    const fields = {
      'Content-Type': contentType,
      bucket,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': [accessKeyId, ...scope].join('/'),
      'X-Amz-Date': timestamp,
      ...(sessionToken && { 'X-Amz-Security-Token': sessionToken }),
      key,
    };
    const Policy = encodePolicy(fields, expiresAt, maxBytes);
    const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
    return {
      url: endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com/`,
      fields: { ...fields, Policy, 'X-Amz-Signature': hmac(signingKey, Policy).toString('hex') },
      expiresAt,
    };
  };

// Every field of the form must have exactly this value, and no field may be added.
function encodePolicy(
  fields: Readonly<Record<string, string>>,
  expiresAt: number,
  maxBytes: number,
): string {
  const conditions = [
    ['content-length-range', minBytes, maxBytes],
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
  ];
  const policy = { expiration: isoSeconds(expiresAt), conditions };
  return Buffer.from(JSON.stringify(policy)).toString('base64');
}

const isoSeconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
