import sharp from 'sharp';
import { isBmp, readBmp } from './bmp.ts';
import { Refusal } from './codes.ts';
import { type Picture, pictureOf } from './paint/picture.ts';

const mostBytes = 10 * 1024 * 1024;
const [shortest, longest] = [384, 5000];
const formats: readonly (string | undefined)[] = ['jpeg', 'png', 'webp'];

/**
 * The picture behind an http(s) or data: link.
 * @throws {Refusal} with the code that ends the job
 */
export async function fetchPicture(link: string): Promise<Picture> {
  const bytes = link.startsWith('data:') ? fromData(link) : await download(link);
  if (bytes.length > mostBytes) {
    throw new Refusal('InvalidParameter', 'The image file size must not exceed 10 MB.');
  }
  try {
    return await decode(bytes);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal('InvalidImage.FileFormat', undefined, { cause });
  }
}

const fromData = (link: string): Buffer => Buffer.from(link.slice(link.indexOf(',') + 1), 'base64');

async function download(link: string): Promise<Buffer> {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(link, { signal }).catch((cause: unknown) => {
    throw new Refusal('InvalidURL', undefined, { cause });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Refusal('InvalidParameter.DataInspection');
  }
  const bytes = await response.arrayBuffer().catch((cause: unknown) => {
    throw new Refusal('InvalidParameter.DataInspection', undefined, { cause });
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
  if (!formats.includes(format)) throw new Refusal('InvalidImage.FileFormat');
  checkSides(width, height);
  if (hasAlpha)
    throw new Refusal('InvalidParameter', 'Images with an alpha channel are not supported.');
  return pictureOf(image.autoOrient());
}

function checkSides(width: number, height: number): void {
  if (Math.min(width, height) >= shortest && Math.max(width, height) <= longest) return;
  const message = `The image is ${width}x${height}; width and height must be between ${shortest} and ${longest} pixels.`;
  throw new Refusal('InvalidParameter', message);
}
