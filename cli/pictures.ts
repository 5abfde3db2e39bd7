import { readFile, stat } from 'node:fs/promises';
import { CliError, usageError } from './cli-error.ts';
import { fileError } from './file-error.ts';

export type LocalPicture = {
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** What a task starts from: pictures of this machine, or addresses that the API fetches itself. */
export type Pictures =
  | { readonly kind: 'files'; readonly files: readonly LocalPicture[] }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] };

// The contract's limit. Here, because a task whose upload is refused later keeps credits reserved.
const mostBytes = 10 * 1024 * 1024;

/** Reads the pictures, so that one that cannot be used is found before anything is created. */
export async function readPictures(given: readonly string[]): Promise<Pictures> {
  const addresses = given.filter(isAddress);
  if (addresses.length === 0) return { kind: 'files', files: await Promise.all(given.map(read)) };
  if (addresses.length === given.length) return { kind: 'addresses', addresses };
  throw usageError('Give either files or http(s) addresses, not both in one task');
}

const isAddress = (picture: string): boolean => /^https?:\/\//i.test(picture);

async function read(path: string): Promise<LocalPicture> {
  const bytes = await bytesOf(path);
  const contentType = typeOf(bytes);
  if (contentType) return { path, contentType, bytes };
  throw new CliError(`${path} is not a JPEG, PNG, WebP or BMP picture`);
}

async function bytesOf(path: string) {
  try {
    const { size } = await stat(path);
    if (size > mostBytes) throw new CliError(`${path} is larger than 10 MB`);
    return await readFile(path);
  } catch (thrown) {
    throw fileError(`Cannot read ${path}`, thrown);
  }
}

// The first bytes tell; a name can be anything. A dot is any digit.
const signatures = [
  { contentType: 'image/jpeg', start: 'ffd8ff' },
  { contentType: 'image/png', start: '89504e470d0a1a0a' },
  { contentType: 'image/webp', start: '52494646........57454250' },
  { contentType: 'image/bmp', start: '424d' },
] as const;

function typeOf(bytes: Buffer): string | undefined {
  const hex = bytes.toString('hex', 0, 12);
  return signatures.find(({ start }) => new RegExp(`^${start}`).test(hex))?.contentType;
}
