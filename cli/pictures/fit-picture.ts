import type { Sharp, SharpOptions } from 'sharp';
import type { ImageLimits } from '../../functions/domain/model/catalogue.ts';

type SharpModule = (input: Uint8Array, options?: SharpOptions) => Sharp;

/** The decoder, an optional package; `undefined` when it is not installed, or not for this platform. */
export const loadSharp = async (): Promise<SharpModule | undefined> => {
  try {
    return (await import('sharp')).default;
  } catch {
    return undefined;
  }
};

type Fitted =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly changes: readonly string[] }
  /** Why the picture cannot be changed. */
  | { readonly problem: string };

// The formats that are converted. The decoder could also read an SVG, but that is a program that draws a picture.
const names: Readonly<Record<string, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  tiff: 'TIFF',
  heif: 'AVIF',
};
// Lossless formats stay lossless, unless they become too large.
const lossless = new Set(['png', 'gif', 'tiff']);

/** Changes a picture so that it is within these limits: a single JPEG or PNG without transparency. */
export async function fitPicture(
  sharp: SharpModule,
  bytes: Uint8Array,
  limits: ImageLimits,
): Promise<Fitted> {
  try {
    return await change(sharp, bytes, limits);
  } catch {
    // sharp's own message comes from a library inside of it, and does not help the user.
    return { problem: 'sharp cannot read it' };
  }
}

async function change(sharp: SharpModule, bytes: Uint8Array, limits: ImageLimits): Promise<Fitted> {
  // A picture that is damaged or cut off is not repaired silently.
  const image = sharp(bytes, { failOn: 'warning', pages: 1 });
  const { isOpaque } = await image.clone().stats();
  const { format, width, height, hasAlpha, pages = 1, orientation = 1 } = await image.metadata();
  const name = names[format];
  if (!name) return { problem: `${format} is not converted` };
  // The decoder turns it upright before anything else.
  const upright = orientation >= 5 ? { width: height, height: width } : { width, height };
  const size = sizeWithin(upright, limits);
  if (!size) return { problem: 'its sides are too different' };

  const changed = image.autoOrient().flatten({ background: 'white' }).toColourspace('srgb');
  if (size.isScaled) changed.resize(size.width, size.height, { fit: 'fill' });
  const encoded = await encode(changed, lossless.has(format), limits.maxBytes);
  if (!encoded) return { problem: `it stays above ${limits.maxBytes} bytes` };
  const steps = [
    pages > 1 && `took the first of ${pages} frames`,
    !isOpaque && 'flattened onto white',
    hasAlpha && isOpaque && 'left out its empty alpha channel',
    size.isScaled && `scaled from ${formatSize(upright)} to ${formatSize(size)} pixels`,
    describeEncoding(name, encoded, bytes.length),
  ];
  return { bytes: encoded.bytes, changes: steps.filter((step) => step !== false) };
}

type Size = { readonly width: number; readonly height: number };

const formatSize = ({ width, height }: Size): string => `${width}×${height}`;

/** The nearest size within the limits, with the same ratio; `undefined` when there is none. */
function sizeWithin(
  { width, height }: Size,
  { minSide, maxSide }: ImageLimits,
): (Size & { readonly isScaled: boolean }) | undefined {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  let factor = 1;
  if (long > maxSide) factor = maxSide / long;
  else if (short < minSide) factor = minSide / short;
  const size = { width: Math.round(width * factor), height: Math.round(height * factor) };
  const fits = Math.min(size.width, size.height) >= minSide;
  if (!fits || Math.max(size.width, size.height) > maxSide) return undefined;
  return { width: size.width, height: size.height, isScaled: factor !== 1 };
}

type Encoded = { readonly bytes: Uint8Array<ArrayBuffer>; readonly format: 'PNG' | 'JPEG' };

const qualities = [95, 90, 80, 70, 50];

/** The best encoding of at most `maxBytes`. */
async function encode(
  image: Sharp,
  isLossless: boolean,
  maxBytes: number,
): Promise<Encoded | undefined> {
  if (isLossless) {
    const bytes = await image.clone().png().toBuffer();
    if (bytes.length <= maxBytes) return { bytes: new Uint8Array(bytes), format: 'PNG' };
  }
  for (const quality of qualities) {
    const bytes = await image.clone().jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
    if (bytes.length <= maxBytes) return { bytes: new Uint8Array(bytes), format: 'JPEG' };
  }
  return undefined;
}

function describeEncoding(from: string, { format, bytes }: Encoded, before: number): string {
  const size = `${formatBytes(before)} to ${formatBytes(bytes.length)}`;
  return from === format
    ? `encoded again (${size})`
    : `converted from ${from} to ${format} (${size})`;
}

const formatBytes = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
