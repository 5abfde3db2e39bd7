/** The limits of an upload, which come from the model. */
export type Limits = {
  readonly maxBytes: number;
  readonly minSide: number;
  readonly maxSide: number;
};

type Format = 'JPEG' | 'PNG' | 'WebP' | 'BMP' | 'GIF' | 'AVIF' | 'HEIC';

export type Inspection = {
  /** The format by the content, whatever the name of the file says. */
  readonly format: Format | undefined;
  readonly hasAlpha: boolean;
  readonly isAnimated: boolean;
};

/** The formats that the API takes as they are. */
const accepted: ReadonlySet<Format | undefined> = new Set(['JPEG', 'PNG', 'WebP', 'BMP'] as const);

export const isAccepted = ({ format }: Inspection): boolean => accepted.has(format);

export const mediaTypes = {
  JPEG: 'image/jpeg',
  PNG: 'image/png',
  WebP: 'image/webp',
  BMP: 'image/bmp',
} as const;

/** How much of a file is read: its header is at the beginning. */
const headBytes = 512 * 1024;

/** Reads from the header of a file what decides whether the file needs a repair. */
export async function inspect(file: Blob): Promise<Inspection> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  const text = (from: number, length: number) =>
    String.fromCharCode(...bytes.subarray(from, from + length));
  const format = formatOf(text);
  const none = { format, hasAlpha: false, isAnimated: false };
  if (format === 'PNG') return { format, ...readPng(bytes, text) };
  if (format === 'WebP') return { format, ...readWebp(bytes, text) };
  // In a BMP with 32 bits a pixel, the last eight may be alpha.
  if (format === 'BMP') return { ...none, hasAlpha: bytes[28] === 32 };
  return none;
}

/** The first bytes of each format. */
const signatures: readonly (readonly [Format, RegExp])[] = [
  ['JPEG', /^\u00ff\u00d8/],
  ['PNG', /^.PNG/],
  ['WebP', /^RIFF[\s\S]{4}WEBP/],
  ['BMP', /^BM/],
  ['GIF', /^GIF8/],
  ['AVIF', /^[\s\S]{4}ftypavi[fs]/],
  ['HEIC', /^[\s\S]{4}ftyp(hei[cxms]|hev[cx]|mif1|msf1)/],
];

const formatOf = (text: TextAt): Format | undefined => {
  const start = text(0, 16);
  return signatures.find(([, pattern]) => pattern.test(start))?.[0];
};

type TextAt = (from: number, length: number) => string;

const colourTypesWithAlpha = [4, 6];

function readPng(bytes: Uint8Array, text: TextAt) {
  const view = new DataView(bytes.buffer);
  let hasAlpha = colourTypesWithAlpha.includes(bytes[25] ?? 0);
  let isAnimated = false;
  for (let at = 8; at + 8 <= bytes.length; at += view.getUint32(at) + 12) {
    const chunk = text(at + 4, 4);
    if (chunk === 'tRNS') hasAlpha = true;
    if (chunk === 'acTL') isAnimated = true;
    if (chunk === 'IDAT') break;
  }
  return { hasAlpha, isAnimated };
}

function readWebp(bytes: Uint8Array, text: TextAt) {
  const kind = text(12, 4);
  const flags = bytes[20] ?? 0;
  if (kind === 'VP8X') {
    return { hasAlpha: (flags & 0x10) !== 0, isAnimated: (flags & 0x02) !== 0 };
  }
  // In a lossless picture, the bit lies behind two sides of 14 bits.
  return { hasAlpha: kind === 'VP8L' && ((bytes[24] ?? 0) & 0x10) !== 0, isAnimated: false };
}
