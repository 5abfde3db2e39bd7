import { spellDuration } from '../model/duration.ts';
import { Problem } from '../model/problem.ts';

/** A picture in one of our buckets. */
export type StoredPicture = {
  readonly contentType: string;
  readonly bytes: number;
  readonly filename: string;
  /** The whole header `Content-Disposition`, when it is not to be shown under the file name. */
  readonly disposition?: string;
  /** A link to it in the bucket that works for some minutes. */
  readonly link: () => Promise<string>;
  readonly read: () => Promise<Buffer>;
};

/**
 * How a picture reaches its caller: by a redirect to the bucket; in the response itself; or only described, for HEAD.
 *
 * A client that sends an API key along must not be redirected: many send the key to the target as well, and S3 refuses a
 * request that carries two kinds of credentials.
 */
export type Delivery = 'redirect' | 'bytes' | 'description';

/** How to deliver a picture, by the method and the headers of the request. */
export function deliveryFor(method: string, authorization: string | undefined): Delivery {
  if (method === 'HEAD') return 'description';
  return authorization ? 'bytes' : 'redirect';
}

/**
 * The largest picture that a response can carry: a function's response has at most 6 MB, and Base64 makes four bytes of
 * three.
 */
export const maxDeliveredBytes = 4 * 1024 * 1024;

/** How long a link to a stored picture works, in seconds. */
export const pictureLinkSeconds = 5 * 60;

export const pictureTooLarge = (url: string): Problem =>
  new Problem(
    'picture_too_large',
    `This picture is larger than ${maxDeliveredBytes / 1024 ** 2} MB: fetch it at the address in url, without the header Authorization, within ${spellDuration(pictureLinkSeconds * 1000)}.`,
    { details: { url } },
  );

/** Delivers a picture. @throws {Problem} `picture_too_large`, with a link to it */
export async function deliver(delivery: Delivery, picture: StoredPicture) {
  const { contentType, filename, disposition, bytes, link, read } = picture;
  if (delivery === 'redirect') return { redirectTo: await link() };
  const described = { contentType, filename, ...(disposition !== undefined && { disposition }) };
  if (delivery === 'description') return { ...described, picture: { length: bytes } };
  if (bytes > maxDeliveredBytes) throw pictureTooLarge(await link());
  return { ...described, picture: await read() };
}
