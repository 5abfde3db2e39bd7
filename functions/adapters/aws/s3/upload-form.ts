import { uploadFormMs } from '../../../domain/model/task.ts';
import type { UploadForm } from '../../../domain/wire/view.ts';
import { bucketUrl, isoSeconds, type Signer, signatureAt } from './signature.ts';

const minBytes = 1;

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
 * type.
 */
export const uploadForms =
  (signer: Signer, { bucket, endpoint, maxBytes }: Options) =>
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
