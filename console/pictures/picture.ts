import { ApiError } from '../api/api-error.ts';
import type { Limits } from './inspect.ts';
import { type Background, makeReady, type ReadyPicture } from './repair.ts';

/** A picture of the form: a file that is ready to be sent, or an address. */
export type Picture =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly original: Blob;
      readonly ready: ReadyPicture;
      /** What is behind its transparent parts, if it has some. */
      readonly background: Background;
      /** For showing it. */
      readonly objectUrl: string;
    }
  | { readonly kind: 'address'; readonly address: string };

/** @throws {UnusablePicture} with a sentence for the user */
export async function pictureFrom(
  file: Blob,
  name: string,
  limits: Limits,
  background: Background = 'white',
): Promise<Picture> {
  const ready = await makeReady(file, limits, background);
  return {
    kind: 'file',
    name,
    original: file,
    ready,
    background,
    objectUrl: URL.createObjectURL(ready.blob),
  };
}

/**
 * The link to an image, at the origin of the page. The API's own has the public address, which is another origin when the
 * page was opened at the address that a deployment had before its domain: a browser would load nothing from there.
 */
export function atOwnOrigin(link: string): string {
  const { pathname, search } = new URL(link);
  return `${location.origin}${pathname}${search}`;
}

/** A picture at one of our own links, as a file. @throws {ApiError} when it is not there, or cannot be reached */
export async function fetchPicture(link: string): Promise<Blob> {
  // Without the API key: the bucket refuses a request that is both signed and authorised. Not from the cache: a picture
  // that the page has shown lies there without the headers of CORS, since an image is asked for without an origin.
  const response = await fetch(link, { cache: 'no-store' }).catch(() => undefined);
  if (response?.ok) return response.blob();
  const status = response?.status ?? 0;
  const seconds = Number(response?.headers.get('retry-after') ?? Number.NaN);
  throw new ApiError({
    status,
    code: 'picture_not_read',
    message:
      status === 0
        ? 'The picture could not be read: its storage cannot be reached.'
        : `The picture is not there any more (${status}).`,
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
  });
}
