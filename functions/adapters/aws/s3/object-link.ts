import { createHash } from 'node:crypto';
import { bucketUrl, type Signer, signatureAt } from './signature.ts';

type Options = {
  readonly bucket: string;
  /** The address of S3, if that is not AWS. */
  readonly endpoint?: string | undefined;
  /** How many seconds a link works. */
  readonly expiresIn: number;
};

/** A link with which an object can be read. Its key has only characters that need no escape in a URL. */
export const objectLinks =
  (signer: Signer, { bucket, endpoint, expiresIn }: Options) =>
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
