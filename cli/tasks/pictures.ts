import { readFile, stat } from 'node:fs/promises';
import { maxInputBytes } from '../../functions/domain/model/catalogue.ts';
import { uploadTypes } from '../../functions/domain/wire/request.ts';
import { CliError, fileError, usageError } from '../program/cli-error.ts';

type ContentType = (typeof uploadTypes)[number];

export type LocalPicture = {
  readonly path: string;
  readonly contentType: ContentType;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** The inputs of a task: pictures on this machine, or addresses that the API fetches itself. */
export type Pictures =
  | { readonly kind: 'files'; readonly files: readonly LocalPicture[] }
  | { readonly kind: 'addresses'; readonly addresses: string[] };

/** Reads the pictures, so that an unusable one is found before anything is created. */
export async function readPictures(pictures: readonly string[]): Promise<Pictures> {
  const addresses = pictures.filter(isAddress);
  if (addresses.length === 0) {
    return { kind: 'files', files: await Promise.all(pictures.map(readPicture)) };
  }
  if (addresses.length === pictures.length) return { kind: 'addresses', addresses };
  throw usageError('Give either files or http(s) addresses, not both in one task');
}

export const isAddress = (picture: string): boolean => /^https?:\/\//i.test(picture);

/** Reads one picture. @throws {CliError} when it is none that the API takes */
export async function readPicture(path: string): Promise<LocalPicture> {
  const bytes = await readBytes(path);
  const contentType = detectContentType(bytes);
  if (contentType) return { path, contentType, bytes };
  throw new CliError(`${path} is not a JPEG, PNG, WebP or BMP picture`);
}

async function readBytes(path: string) {
  try {
    const { size } = await stat(path);
    // The API's limit, checked here too: a task whose upload is refused later keeps its credits
    // reserved until it times out.
    if (size > maxInputBytes) {
      throw new CliError(`${path} is larger than ${maxInputBytes / 1024 ** 2} MB`);
    }
    return await readFile(path);
  } catch (thrown) {
    throw fileError(`Cannot read ${path}`, thrown);
  }
}

// The first bytes of each format, in hexadecimal. File names are not trusted.
const signatures: Readonly<Record<ContentType, RegExp>> = {
  'image/jpeg': /^ffd8ff/,
  'image/png': /^89504e470d0a1a0a/,
  'image/webp': /^52494646.{8}57454250/,
  'image/bmp': /^424d/,
};

function detectContentType(bytes: Buffer): ContentType | undefined {
  const hex = bytes.toString('hex', 0, 12);
  return uploadTypes.find((type) => signatures[type].test(hex));
}
