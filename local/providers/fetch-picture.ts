import sharp from 'sharp';
import { isBmp, readBmp } from './bmp.ts';
import { type Picture, pictureOf } from './images/picture.ts';
import { ProviderError } from './provider-error.ts';

const maxBytes = 10 * 1024 * 1024;
const minSide = 384;
const maxSide = 5000;
const formats: readonly (string | undefined)[] = ['jpeg', 'png', 'webp'];

/**
 * Fetches the file at an http(s) or data: link.
 * @throws {ProviderError} with the code with which the job fails
 */
export async function fetchFile(link: string): Promise<Buffer> {
  const bytes = link.startsWith('data:') ? fromData(link) : await download(link);
  if (bytes.length <= maxBytes) return bytes;
  throw new ProviderError('InvalidParameter', 'The image file size must not exceed 10 MB.');
}

/**
 * Decodes a picture of one of the vendor's formats.
 * @throws {ProviderError} with the code with which the job fails
 */
export async function decodePicture(bytes: Buffer): Promise<Picture> {
  try {
    return await decode(bytes);
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    throw new ProviderError('InvalidImage.FileFormat', undefined, { cause });
  }
}

const fromData = (link: string): Buffer => Buffer.from(link.slice(link.indexOf(',') + 1), 'base64');

async function download(link: string): Promise<Buffer> {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(link, { signal }).catch((cause: unknown) => {
    throw new ProviderError('InvalidURL', undefined, { cause });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new ProviderError('InvalidParameter.DataInspection');
  }
  const bytes = await response.arrayBuffer().catch((cause: unknown) => {
    throw new ProviderError('InvalidParameter.DataInspection', undefined, { cause });
  });
  return Buffer.from(bytes);
}

async function decode(bytes: Buffer): Promise<Picture> {
  if (isBmp(bytes)) {
    const picture = readBmp(bytes);
    checkSides(picture.width, picture.height);
    return picture;
  }
  const image = sharp(bytes, { failOn: 'error' });
  const { format, width, height, hasAlpha } = await image.metadata();
  if (!formats.includes(format)) throw new ProviderError('InvalidImage.FileFormat');
  checkSides(width, height);
  if (hasAlpha)
    throw new ProviderError('InvalidParameter', 'Images with an alpha channel are not supported.');
  return pictureOf(image.autoOrient());
}

function checkSides(width: number, height: number): void {
  if (Math.min(width, height) >= minSide && Math.max(width, height) <= maxSide) return;
  const message = `The image is ${width}x${height}; width and height must be between ${minSide} and ${maxSide} pixels.`;
  throw new ProviderError('InvalidParameter', message);
}
