import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileResponse } from '../runtime/http.ts';
import { noSuchRoute } from './not-found/route.ts';

type Headers = Readonly<Record<string, string | undefined>>;
/** What of a request says which file it is about. */
type FileRequest = {
  readonly method: string;
  readonly rawPath: string;
  readonly headers: Headers;
};

/** A file in one encoding, stored as Base64, because that is what a response carries: no request has to convert it again. */
type StoredFile = { readonly base64: string; readonly etag: string };

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The encodings that the build makes of each file, the smallest first, with the suffix of the file name. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

const page = 'index.html';

/**
 * Serves a directory with a page and the files that it loads. Browsers cache files in `assets/` for ever, because their
 * names have a hash. They revalidate every other file with its ETag.
 * @param origins further origins that the page may load pictures from and upload pictures to
 */
export function staticFiles(directory: string, origins: string) {
  const stored = new Map<string, StoredFile>();
  const read = (path: string, suffix: string): StoredFile => {
    const key = `${path}${suffix}`;
    const known = stored.get(key);
    if (known) return known;
    const bytes = readFileSync(join(directory, key));
    const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
    const file = { base64: bytes.toString('base64'), etag: `"${digest}"` };
    stored.set(key, file);
    return file;
  };
  const respond = (path: string, headers: Headers): FileResponse => {
    const accepted = acceptedEncodings(headers['accept-encoding']);
    const [encoding, suffix] = encodings.find(
      ([name, end]) => accepted.has(name) && existsSync(join(directory, `${path}${end}`)),
    ) ?? [undefined, ''];
    const { base64, etag } = read(path, suffix);
    const common = {
      etag,
      vary: path === page ? 'accept, accept-encoding' : 'accept-encoding',
      'cache-control': path.startsWith('assets/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      ...securityHeaders(origins, headers['x-forwarded-proto']),
    };
    if (matches(headers['if-none-match'], etag)) return { unchanged: true, headers: common };
    return {
      file: base64,
      headers: {
        ...common,
        'content-type': types[extensionOf(path) ?? ''] ?? 'application/octet-stream',
        ...(encoding && { 'content-encoding': encoding }),
      },
    };
  };
  return {
    /** The page. */
    page: (headers: Headers): FileResponse => respond(page, headers),
    /**
     * The page, for the path of one of its screens.
     * @throws {Problem} `not_found` for the name of a file: no file is served here
     */
    screen({ method, rawPath, headers }: FileRequest): FileResponse {
      if (rawPath.includes('.')) throw noSuchRoute(method, rawPath);
      return respond(page, headers);
    },
    /**
     * The file at a path below `base`, or the page when the path is one of its screens. An old tab may ask for a script of
     * an earlier build, and must not get HTML for it.
     * @throws {Problem} `not_found` for a missing file
     */
    at(base: string, { method, rawPath, headers }: FileRequest): FileResponse {
      const path = rawPath.slice(base.length + 1);
      if (extensionOf(path) === undefined) return respond(page, headers);
      if (!isServed(path) || !existsSync(join(directory, path))) throw noSuchRoute(method, rawPath);
      return respond(path, headers);
    },
  };
}

const extensionOf = (path: string): string | undefined => /\.(\w+)$/.exec(path)?.[1];

/** Only names that the build makes: no path leads out of the directory, and no compressed file has an address of its own. */
const isServed = (path: string): boolean =>
  /^([\w-]+\/)*[\w-]+(\.[\w-]+)*\.(html|js|css|svg)$/.test(path);

/** The encodings that a client accepts. `gzip;q=0` means that it does not accept gzip. */
const acceptedEncodings = (accept = ''): ReadonlySet<string> =>
  new Set(
    accept
      .toLowerCase()
      .split(',')
      .map((part) => part.trim())
      .filter((part) => !/;\s*q=0(\.0+)?$/.test(part))
      .map((part) => part.replace(/;.*$/, '').trim()),
  );

const matches = (condition: string | undefined, etag: string): boolean =>
  condition
    ?.split(',')
    .some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*') === true;

/** The page may load only its own scripts and styles, and pictures of the stack's own buckets. */
const securityHeaders = (origins: string, protocol: string | undefined) => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: ${origins}`,
    `connect-src 'self' ${origins}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  ...(protocol === 'https' && { 'strict-transport-security': 'max-age=31536000' }),
});

/**
 * The origins that the console uploads pictures to and loads them from: those of the buckets, or that of an S3 endpoint
 * which is not AWS's own.
 * @param origins separated by spaces
 */
export const originsOf = (origins: string, endpoint?: string): string =>
  endpoint === undefined ? origins : new URL(endpoint).origin;
