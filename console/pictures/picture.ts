import type { Limits } from './inspect.ts';
import { makeReady, type ReadyPicture } from './repair.ts';

/** A picture of the form: a file that is ready to be sent, or an address. */
export type Picture =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly original: Blob;
      readonly ready: ReadyPicture;
      /** For showing it. */
      readonly objectUrl: string;
    }
  | { readonly kind: 'address'; readonly address: string };

/** @throws {UnusablePicture} with a sentence for the user */
export async function pictureFrom(file: Blob, name: string, limits: Limits): Promise<Picture> {
  const ready = await makeReady(file, limits);
  return { kind: 'file', name, original: file, ready, objectUrl: URL.createObjectURL(ready.blob) };
}

/** A picture at one of our own links, as a file. */
export async function fetchPicture(link: string): Promise<Blob> {
  // Without the API key: the bucket refuses a request that is both signed and authorised. Not from the cache: a picture
  // that the page has shown lies there without the headers of CORS, since an image is asked for without an origin.
  const response = await fetch(link, { cache: 'no-store' });
  if (!response.ok) throw new Error(`The picture is not there any more (${response.status}).`);
  return response.blob();
}
