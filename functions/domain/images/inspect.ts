import type { ImageLimits } from '../model/catalogue.ts';
import type { ImageFormat } from '../model/image-format.ts';
import type { TaskErrorCode } from '../model/problem.ts';
import type { Failure } from '../model/task.ts';
import type { Header } from './header-result.ts';
import type { ImageFile } from './image-file.ts';
import { readImage } from './read-image.ts';

/** The format of a picture that may be used, or what is wrong with it: a message that completes "image_urls[0] …". */
type Inspection = { readonly format: ImageFormat } | { readonly failure: Failure };

/**
 * Inspects an input picture, which must be whole, against the limits of a model. Its content decides the format. The
 * type that its sender claims does not count: browsers and phones take it from the name of the file.
 */
export type Inspect = (file: ImageFile, limits: ImageLimits) => Inspection;

const kB = 1024;

const fail = (code: TaskErrorCode, message: string): Failure => ({ code, message });

/** Reads a picture to its end marker, and checks what its header says. */
export const inspect: Inspect = (file, limits) => {
  const sizeFailure = checkSize(file.size, limits);
  if (sizeFailure) return { failure: sizeFailure };
  const header = readImage(file);
  if ('reason' in header) {
    return { failure: fail('image_processing_error', `is ${header.reason}; ${header.advice}`) };
  }
  const failure = checkKind(header) ?? checkSides(header, limits);
  return failure ? { failure } : { format: header.format };
};

function checkSize(size: number, { maxBytes }: ImageLimits): Failure | undefined {
  if (size === 0) return fail('invalid_parameters', 'is empty (0 bytes); send the picture itself');
  if (size <= maxBytes) return undefined;
  const limit = `${maxBytes} bytes (${Math.floor(maxBytes / (kB * kB))} MB)`;
  return fail('invalid_parameters', `is ${size} bytes; make it ${limit} or less and send it again`);
}

function checkKind({ alpha, animated }: Header): Failure | undefined {
  if (animated) {
    return fail('image_processing_error', 'is animated; send a single picture without animation');
  }
  if (!alpha) return undefined;
  return fail(
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  );
}

function checkSides({ width, height }: Header, limits: ImageLimits): Failure | undefined {
  const { minSide, maxSide } = limits;
  if (Math.min(width, height) >= minSide && Math.max(width, height) <= maxSide) return undefined;
  return fail(
    'image_dimension_mismatch',
    `is ${width}×${height} pixels; each side must be ${minSide} to ${maxSide}`,
  );
}
