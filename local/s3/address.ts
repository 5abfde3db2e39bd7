import { Fault } from './fault.ts';

/** Where a request goes, path-style: `/bucket/key`. The key of the bucket itself is empty. */
export type Address = {
  readonly bucket: string;
  readonly key: string;
  /** The path as both sides sign it. */
  readonly path: string;
  readonly query: URLSearchParams;
};

// Read from the raw target: a URL parser would resolve the `..` that a key may contain.
export function addressOf(target: string): Address {
  const [rawPath = '', ...rest] = target.split('?');
  const path = decoded(rawPath);
  const [, bucket = '', ...segments] = path.split('/');
  const key = segments.join('/');
  if (Buffer.byteLength(key) > 1024) throw new Fault('KeyTooLongError');
  return { bucket, key, path: encodedPath(path), query: new URLSearchParams(rest.join('?')) };
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new Fault('InvalidURI', undefined, { cause });
  }
}

/** Percent-encodes a path as AWS does: everything but unreserved characters and the slash. */
export const encodedPath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, hex))
    .join('/');

const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
