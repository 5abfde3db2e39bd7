import { cutOff, damaged, type Header } from './header-result.ts';
import type { FileWindow } from './image-file.ts';

export type Chunk = { readonly type: string; readonly at: number; readonly length: number };
type Frame = Pick<Header, 'width' | 'height' | 'alpha'>;

const animationFrameHeaderBytes = 16;
const maxChunks = 10_000; // far more than any still picture has; all of them are in memory at once

/** Reads a simple WebP, which is one frame, or walks through the chunks of an extended one. */
export function readWebp(file: FileWindow): Header {
  const size = file.slice(4, 4)?.readUInt32LE();
  // A file that has fewer bytes than it declares was cut off on its way.
  if (size === undefined || size + 8 > file.size) throw cutOff('WebP');
  const [first, ...others] = webpChunks(file, 12, size + 8);
  if (first?.type === 'VP8X') return readExtended(file, first, others);
  const frame = first && readFrame(file, first);
  if (!frame) throw damaged('WebP', 'it does not begin with a picture');
  return { format: 'webp', ...frame, animated: false };
}

/** The header only announces what the file has: decoders read the chunks, so this reader does too. */
function readExtended(file: FileWindow, header: Chunk, others: readonly Chunk[]): Header {
  const bytes = header.length < 10 ? undefined : file.slice(header.at, 10);
  if (!bytes) throw damaged('WebP', 'its header is too short');
  const declaresAlpha = (bytes.readUInt8(0) & 0x10) !== 0;
  const width = bytes.readUIntLE(4, 3) + 1;
  const height = bytes.readUIntLE(7, 3) + 1;
  const animation = others.filter(({ type }) => type === 'ANMF');
  const still = readPicture(file, others);
  if (still && (still.width !== width || still.height !== height)) {
    throw damaged('WebP', 'its picture has other sides than its header says');
  }
  const frames = animation.map((chunk) => readAnimationFrame(file, chunk));
  const pictures = still ? [still, ...frames] : frames;
  if (pictures.length === 0) throw damaged('WebP', 'it has no picture');
  return {
    format: 'webp',
    width,
    height,
    alpha: declaresAlpha || pictures.some(({ alpha }) => alpha),
    animated: pictures.length > 1,
  };
}

function readAnimationFrame(file: FileWindow, { at, length }: Chunk): Frame {
  const picture = readPicture(file, [
    ...webpChunks(file, at + animationFrameHeaderBytes, at + length),
  ]);
  if (!picture) throw damaged('WebP', 'a frame has no picture');
  return picture;
}

/** The picture among these chunks, with the alpha plane that belongs to it. */
function readPicture(file: FileWindow, among: readonly Chunk[]): Frame | undefined {
  const [picture] = among.flatMap((chunk) => readFrame(file, chunk) ?? []);
  const hasAlphaPlane = among.some(({ type }) => type === 'ALPH');
  return picture && { ...picture, alpha: picture.alpha || hasAlphaPlane };
}

/** The picture in a chunk; `undefined` for a chunk without one. */
function readFrame(file: FileWindow, { type, at, length }: Chunk): Frame | undefined {
  if (type === 'VP8 ') return readLossy(length < 10 ? undefined : file.slice(at, 10));
  if (type === 'VP8L') return readLossless(length < 5 ? undefined : file.slice(at, 5));
  return undefined;
}

function readLossy(bytes: Buffer | undefined): Frame {
  // Only a key frame has a start code; its lowest bit is 0.
  if (!bytes || (bytes.readUInt8(0) & 1) !== 0 || bytes.readUIntBE(3, 3) !== 0x9d012a) {
    throw damaged('WebP', 'its first frame has no header');
  }
  return {
    width: bytes.readUInt16LE(6) & 0x3fff, // the two bits above are a scaling hint
    height: bytes.readUInt16LE(8) & 0x3fff,
    alpha: false,
  };
}

function readLossless(bytes: Buffer | undefined): Frame {
  const packed = bytes?.readUInt32LE(1) ?? 0;
  const version = packed >>> 29;
  if (bytes?.readUInt8(0) !== 0x2f || version !== 0) {
    throw damaged('WebP', 'its picture has no header');
  }
  return {
    width: (packed & 0x3fff) + 1,
    height: ((packed >>> 14) & 0x3fff) + 1,
    alpha: ((packed >>> 28) & 1) === 1,
  };
}

/** The chunks of a range, each complete. A chunk of odd length is followed by a byte of padding. */
export function* webpChunks(file: FileWindow, from: number, to: number): Generator<Chunk> {
  let start = from;
  for (let count = 0; start < to; count += 1) {
    if (count > maxChunks) throw damaged('WebP', 'it has too many parts');
    const head = start + 8 > to ? undefined : file.slice(start, 8);
    const length = head?.readUInt32LE(4) ?? 0;
    const at = start + 8;
    if (!head || at + length > to) throw cutOff('WebP');
    yield { type: head.toString('latin1', 0, 4), at, length };
    start = at + length + (length % 2);
  }
}
