import { type Inspection, inspect, isAccepted, type Limits, mediaTypes } from './inspect.ts';

export type ReadyPicture = {
  /** What is sent: the file itself, byte for byte, if the API takes it as it is. */
  readonly blob: Blob;
  readonly mediaType: (typeof mediaTypes)[keyof typeof mediaTypes];
  readonly width: number;
  readonly height: number;
  /** What was changed, in whole sentences; nothing when nothing was. */
  readonly changes: readonly string[];
  /** Why it was changed, in whole sentences: what the API does not accept. */
  readonly reasons: readonly string[];
  /** Whether transparent parts got a background that was not in the file. */
  readonly hasBackground: boolean;
};

/** What can be behind the transparent parts of a picture. */
export const backgrounds = {
  white: '#ffffff',
  grey: '#808080',
  black: '#000000',
} as const;
export type Background = keyof typeof backgrounds;

/** Why a file cannot become a picture that the API takes, and what to do about it. */
class UnusablePicture extends Error {}

/** The qualities that are tried in turn, before a picture gets fewer pixels. */
const qualities = [0.92, 0.85, 0.75];
/** Some phones refuse a larger canvas. */
const safeSide = 4096;
/** While a file is still too large, its sides are multiplied by this. */
const shrink = 0.8;

/**
 * Turns a file into a picture that the API accepts: flattens transparent parts onto a background, scales sides that are
 * too long or too short, and converts other formats to JPEG. A canvas writes PNG only with transparency, so the result is
 * never a PNG.
 * @throws {UnusablePicture} with a sentence for the user
 */
export async function makeReady(
  file: Blob,
  limits: Limits,
  background: Background = 'white',
): Promise<ReadyPicture> {
  const inspection = await inspect(file);
  const bitmap = await decode(file, inspection);
  try {
    const { width, height } = bitmap;
    const scale = scaleFor(width, height, limits);
    const reasons = reasonsFor(file, inspection, scale, limits);
    const { format } = inspection;
    if (reasons.length === 0 && format !== undefined && format in mediaTypes) {
      const mediaType = mediaTypes[format as keyof typeof mediaTypes];
      return {
        blob: file,
        mediaType,
        width,
        height,
        changes: [],
        reasons: [],
        hasBackground: false,
      };
    }
    const drawn = await drawWithin(bitmap, scale, { limits, background });
    return {
      ...drawn,
      mediaType: 'image/jpeg',
      changes: [...sentences(reasons, bitmap, { drawn, background })],
      reasons: reasons.map((reason) => whyNot(reason, bitmap, limits)),
      hasBackground: inspection.hasAlpha,
    };
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob, { format }: Inspection): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    if (format === 'HEIC') {
      throw new UnusablePicture(
        'This browser cannot read HEIC. On an iPhone choose the picture with the button; on a Mac export it as JPEG in Preview, or use Safari.',
      );
    }
    throw new UnusablePicture(
      format === undefined
        ? 'This file is no picture that a browser can read. Use JPEG, PNG, WebP or BMP.'
        : `This ${format} is damaged or cut off: the browser cannot read it. Export it again.`,
    );
  }
}

/** @throws {UnusablePicture} when no scale satisfies both limits */
function scaleFor(width: number, height: number, { minSide, maxSide }: Limits): number {
  const [short, long] = width < height ? [width, height] : [height, width];
  if (short * maxSide < long * minSide) {
    throw new UnusablePicture(
      `This picture is ${width} × ${height}: too long and narrow. Its sides must be ${minSide} to ${maxSide} pixels; crop it.`,
    );
  }
  if (long > maxSide) return maxSide / long;
  if (short < minSide) return minSide / short;
  return 1;
}

type Reason = 'transparent' | 'animated' | 'format' | 'larger' | 'smaller' | 'bytes';

const reasonsFor = (
  file: Blob,
  inspection: Inspection,
  scale: number,
  { maxBytes }: Limits,
): readonly Reason[] => {
  const found: Readonly<Record<Reason, boolean>> = {
    smaller: scale < 1,
    larger: scale > 1,
    bytes: file.size > maxBytes,
    format: !isAccepted(inspection),
    transparent: inspection.hasAlpha,
    animated: inspection.isAnimated || inspection.format === 'GIF',
  };
  return (Object.keys(found) as Reason[]).filter((reason) => found[reason]);
};

/** Why the API does not accept the file as it is. */
function whyNot(
  reason: Reason,
  { width, height }: ImageBitmap,
  { minSide, maxSide, maxBytes }: Limits,
): string {
  const texts: Readonly<Record<Reason, string>> = {
    smaller: `It is ${width} × ${height}: a side may have ${maxSide} pixels at most.`,
    larger: `It is ${width} × ${height}: a side must have ${minSide} pixels at least.`,
    bytes: `It has more than ${formatBytes(maxBytes)}.`,
    format: 'Its format is not one of JPEG, PNG, WebP and BMP.',
    transparent: 'It has transparent parts, which no model here takes.',
    animated: 'It is an animation.',
  };
  return texts[reason];
}

type Drawn = { readonly blob: Blob; readonly width: number; readonly height: number };

type DrawOptions = { readonly limits: Limits; readonly background: Background };

async function drawWithin(
  bitmap: ImageBitmap,
  scale: number,
  { limits: { maxBytes, minSide }, background }: DrawOptions,
): Promise<Drawn> {
  let factor = scale;
  for (;;) {
    const width = Math.max(Math.round(bitmap.width * factor), minSide);
    const height = Math.max(Math.round(bitmap.height * factor), minSide);
    const canvas = draw(bitmap, { width, height }, background);
    const smallest = canvas ? await encode(canvas, maxBytes) : undefined;
    if (smallest) return { blob: smallest, width, height };
    const next = canvas
      ? factor * shrink
      : Math.min(factor * shrink, safeSide / Math.max(bitmap.width, bitmap.height));
    if (Math.min(bitmap.width, bitmap.height) * next < minSide) {
      throw new UnusablePicture('This picture cannot be made small enough. Export it as JPEG.');
    }
    factor = next;
  }
}

function draw(
  bitmap: ImageBitmap,
  { width, height }: { readonly width: number; readonly height: number },
  background: Background,
): OffscreenCanvas | undefined {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return undefined;
  context.fillStyle = backgrounds[background];
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

async function encode(canvas: OffscreenCanvas, maxBytes: number): Promise<Blob | undefined> {
  for (const quality of qualities) {
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (blob.size <= maxBytes) return blob;
  }
  return undefined;
}

type Result = { readonly drawn: Drawn; readonly background: Background };

function* sentences(
  reasons: readonly Reason[],
  before: ImageBitmap,
  { drawn: after, background }: Result,
) {
  const sizes = `${before.width} × ${before.height} → ${after.width} × ${after.height}`;
  if (after.width < before.width) yield `Made smaller: ${sizes}.`;
  if (after.width > before.width) yield `Made larger: ${sizes}. It has no more detail than before.`;
  if (reasons.includes('transparent')) yield `Transparent parts are ${background} now.`;
  if (reasons.includes('animated')) yield 'Only the first picture of the animation is used.';
  yield `Saved as JPEG, ${formatBytes(after.blob.size)}.`;
}

/** `2.1 MB`. */
export const formatBytes = (bytes: number): string =>
  bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
