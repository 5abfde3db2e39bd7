import { S3Error } from './error.ts';

/** The headers of a request, with lower-case names. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** The path-style address of a request: `/bucket/key`. For the bucket itself the key is empty. */
export type Address = {
  readonly bucket: string;
  readonly key: string;
  /** The path as both sides sign it. */
  readonly path: string;
  readonly query: URLSearchParams;
};

// Parses the raw target: a URL parser would resolve `..`, which a key may contain.
export function parseAddress(target: string): Address {
  const [rawPath = '', ...rest] = target.split('?');
  const path = decode(rawPath);
  const [, bucket = '', ...segments] = path.split('/');
  const key = segments.join('/');
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError');
  return { bucket, key, path: encodePath(path), query: new URLSearchParams(rest.join('?')) };
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', undefined, { cause });
  }
}

/** Percent-encodes a path as AWS does: everything but unreserved characters and the slash. */
export const encodePath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, hex))
    .join('/');

/** A key as lists and events write it: percent-encoded, a space as `+`. */
export const encodeName = (key: string): string => encodePath(key).replaceAll('%20', '+');

const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
