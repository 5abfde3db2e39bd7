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
      /** The colour behind its transparent parts, if it has some. */
      readonly background: Background;
      /** The address with which the page shows it. */
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
 * The link to an image, with the origin of the page. The link from the API has the public address. That is another origin
 * when the page was opened at the address that the deployment had before its domain, and the browser would load nothing
 * from there.
 */
export function atOwnOrigin(link: string): string {
  const { pathname, search } = new URL(link);
  return `${location.origin}${pathname}${search}`;
}

/** A picture at one of our own links, as a file. @throws {ApiError} when it is not there, or cannot be reached */
export async function fetchPicture(link: string): Promise<Blob> {
  // Without the API key: the bucket refuses a request that is both signed and authorised. Not from the cache: a picture
  // that the page has shown is cached without CORS headers, because the browser requests an image without an origin.
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
