import { createHash, createHmac } from 'node:crypto';
import { uploadFormMs } from '../../../domain/model/task.ts';
import type { UploadForm } from '../../../domain/wire/view.ts';

// Forms and links with which somebody without credentials may store or read one object. They are signed here and not by the
// SDK, which would bring its whole S3 client into bundles that send nothing to S3.

/** Region and credentials, as every client of the SDK has them in its configuration. */
type Signer = {
  region(): Promise<string>;
  credentials(): Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  }>;
};

const minBytes = 1;

type Bucket = {
  readonly bucket: string;
  /** The address of S3, if that is not AWS. */
  readonly endpoint?: string | undefined;
};
type FormOptions = Bucket & {
  /** The size limit of a picture. */
  readonly maxBytes: number;
};

/**
 * A form with which one picture can be uploaded: this key, this type, from one byte to the limit, for a quarter of
 * an hour if no other end is given. It is a POST policy, since a presigned PUT can limit neither the size nor the
 * type.
 */
export const uploadForms =
  (signer: Signer, { bucket, endpoint, maxBytes }: FormOptions) =>
  async (
    key: string,
    contentType: string,
    now: number,
    expiresAt = now + uploadFormMs,
  ): Promise<UploadForm> => {
    const { region, parameters, sign } = await signatureAt(signer, now);
    const fields = {
      'Content-Type': contentType,
      bucket,
      ...parameters,
      key,
    };
    const Policy = encodePolicy(fields, expiresAt, maxBytes);
    return {
      url: bucketUrl(bucket, region, endpoint),
      fields: { ...fields, Policy, 'X-Amz-Signature': sign(Policy) },
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

type LinkOptions = Bucket & {
  /** How many seconds a link works. */
  readonly expiresIn: number;
};

/** A link with which an object can be read. Its key has only characters that need no escape in a URL. */
export const objectLinks =
  (signer: Signer, { bucket, endpoint, expiresIn }: LinkOptions) =>
  async (key: string, now: number): Promise<string> => {
    const { region, scope, parameters, sign } = await signatureAt(signer, now);
    const url = new URL(`${bucketUrl(bucket, region, endpoint).replace(/\/$/, '')}/${key}`);
    const query = Object.entries({
      ...parameters,
      'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
      'X-Amz-Expires': String(expiresIn),
      'X-Amz-SignedHeaders': 'host',
    })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .sort()
      .join('&');
    const request = [
      'GET',
      url.pathname,
      query,
      `host:${url.host}`,
      '',
      'host',
      'UNSIGNED-PAYLOAD',
    ];
    const hash = createHash('sha256').update(request.join('\n')).digest('hex');
    const text = [parameters['X-Amz-Algorithm'], parameters['X-Amz-Date'], scope, hash].join('\n');
    return `${url.href}?${query}&X-Amz-Signature=${sign(text)}`;
  };

/** What Signature Version 4 needs for S3 at this moment. */
async function signatureAt(signer: Signer, now: number) {
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

const bucketUrl = (bucket: string, region: string, endpoint?: string): string =>
  endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com/`;

const isoSeconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
