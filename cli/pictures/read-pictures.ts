import { readFile, stat } from 'node:fs/promises';
import { inspect } from '../../functions/domain/images/inspect.ts';
import {
  defaultModel,
  type ImageLimits,
  type Model,
  modelNamed,
  models,
  widestImageLimits,
} from '../../functions/domain/model/catalogue.ts';
import { contentTypeOf } from '../../functions/domain/model/image-format.ts';
import type { uploadTypes } from '../../functions/domain/wire/request.ts';
import { CliError, fileError, usageError } from '../program/cli-error.ts';
import { fitPicture, loadSharp } from './fit-picture.ts';

export type LocalPicture = {
  readonly path: string;
  readonly contentType: (typeof uploadTypes)[number];
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** The inputs of a task: pictures on this machine, or addresses that the API fetches itself. */
export type Pictures =
  | { readonly kind: 'files'; readonly files: readonly LocalPicture[] }
  | { readonly kind: 'addresses'; readonly addresses: string[] };

export type ReadOptions = {
  /** `false`: a picture that the API would refuse is refused, not changed. */
  readonly fit?: boolean | undefined;
  /** The limits of a picture; by default those of the default model. */
  readonly limits?: ImageLimits | undefined;
  /** Says what was changed in a picture. */
  readonly onNote?: ((text: string) => void) | undefined;
  readonly load?: typeof loadSharp;
};

/** The limits of the pictures for the model of this name. A name that only the API knows may be that of any model. */
export const limitsOf = (
  name: string = defaultModel.id,
  catalogue: readonly Model[] = models,
): ImageLimits => modelNamed(name, catalogue)?.image ?? widestImageLimits(catalogue);

/** Reads the pictures, so that an unusable one is found before anything is created. */
export async function readPictures(
  pictures: readonly string[],
  options: ReadOptions = {},
): Promise<Pictures> {
  const addresses = pictures.filter(isAddress);
  if (addresses.length === 0) {
    const files = await Promise.all(pictures.map((path) => readPicture(path, options)));
    return { kind: 'files', files };
  }
  if (addresses.length === pictures.length) return { kind: 'addresses', addresses };
  throw usageError('Give either files or http(s) addresses, not both in one task');
}

export const isAddress = (picture: string): boolean => /^https?:\/\//i.test(picture);

/**
 * Reads one picture, and changes it so that the API takes it.
 * @throws {CliError} which names the file, when it cannot be read or used
 */
export async function readPicture(path: string, options: ReadOptions): Promise<LocalPicture> {
  const { fit = true, limits = defaultModel.image, onNote, load = loadSharp } = options;
  const bytes = await readBytes(path);
  const own = check(bytes, limits);
  if ('format' in own) return { path, contentType: contentTypeOf(own.format), bytes };
  const { message, code } = own.failure;
  if (!fit) throw new CliError(`${path} ${message}`, { code });
  const sharp = await load();
  if (!sharp) {
    throw new CliError(
      `${path} ${message}. The package sharp could change it here, but is missing: \`npm install --no-save sharp\` in the checkout`,
      { code },
    );
  }
  const fitted = await fitPicture(sharp, bytes, limits);
  if ('problem' in fitted) {
    throw new CliError(`${path} ${message}; here it cannot be changed: ${fitted.problem}`, {
      code,
    });
  }
  // The API checks pictures with the same function.
  const result = check(fitted.bytes, limits);
  if ('failure' in result) throw new CliError(`${path} ${result.failure.message}`, { code });
  onNote?.(`${path}: ${fitted.changes.join(', ')}`);
  return { path, contentType: contentTypeOf(result.format), bytes: fitted.bytes };
}

const check = (bytes: Uint8Array, limits: ImageLimits) =>
  inspect(
    { size: bytes.length, read: (from, length) => bytes.subarray(from, from + length) },
    limits,
  );

// Far above any photo: a film that was given by mistake is not read into memory.
const maxReadBytes = 256 * 1024 * 1024;

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > maxReadBytes) {
      throw new CliError(`${path} is larger than ${maxReadBytes / 1024 ** 2} MB`);
    }
    return await readFile(path);
  } catch (thrown) {
    throw fileError(`Cannot read ${path}`, thrown);
  }
}
