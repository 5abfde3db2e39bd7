import { crc32 } from 'node:zlib';
import { cutOff, damaged, type Header } from './header-result.ts';
import type { FileWindow } from './image-file.ts';

const maxLength = 0x7fff_ffff; // the format's own limit for a side and for a chunk
const checksumBytes = 4;
const paletteType = 3;
const typesWithAlpha = [4, 6];
/** The bit depths of each colour type. */
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

type Chunk = { readonly type: string; readonly at: number; readonly length: number };

/** Walks from chunk to chunk to the end chunk. */
export function readPng(file: FileWindow): Header {
  const walk = chunks(file);
  const { width, height, colourType } = readFirst(file, walk.next().value);
  const places = firstPlaces(walk);
  if (places.has('IHDR')) throw damaged('PNG', 'it has two headers');
  const pixels = places.get('IDAT');
  if (pixels === undefined) throw damaged('PNG', 'it has no pixels');
  // These chunks count only before the first pixels. Transparency counts in any place, because some decoders read it after
  // the pixels.
  const declared = (type: string) => {
    const at = places.get(type);
    return at !== undefined && at < pixels ? at : undefined;
  };
  if (colourType === paletteType && !declared('PLTE')) throw damaged('PNG', 'it has no palette');
  const animation = declared('acTL');
  const frames = (animation !== undefined && file.slice(animation, 4)?.readUInt32BE()) || 1;
  return {
    format: 'png',
    width,
    height,
    alpha: typesWithAlpha.includes(colourType) || places.has('tRNS'),
    // A file that declares an animation, but has no frames, is a still picture to every decoder.
    animated: frames > 1 && places.has('fdAT'),
  };
}

/** The offset of the first chunk of each type that matters here, after the header. */
function firstPlaces(walk: Iterable<Chunk>): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const { type, at } of walk) {
    if (relevantTypes.includes(type) && !places.has(type)) places.set(type, at);
  }
  return places;
}

const relevantTypes = ['IHDR', 'PLTE', 'IDAT', 'tRNS', 'acTL', 'fdAT'];

function readFirst(file: FileWindow, first: Chunk | undefined) {
  const bytes =
    first?.type === 'IHDR' && first.length === 13 ? file.slice(first.at, 13) : undefined;
  if (!bytes) throw damaged('PNG', 'it does not begin with its header');
  const width = bytes.readUInt32BE(0);
  const height = bytes.readUInt32BE(4);
  const [depth = 0, colourType = 0, compression = 0, filter = 0, interlace = 0] = bytes.subarray(8);
  const isKnown =
    depths[colourType]?.includes(depth) && compression === 0 && filter === 0 && interlace < 2;
  if (!isKnown || Math.max(width, height) > maxLength) {
    throw damaged('PNG', 'its header makes no sense');
  }
  return { width, height, colourType };
}

/** The chunks before the end chunk, each of them complete. */
function* chunks(file: FileWindow): Generator<Chunk, undefined> {
  for (let start = 8; ; ) {
    const head = file.slice(start, 8);
    const length = head?.readUInt32BE() ?? 0;
    const chunk = { type: head?.toString('latin1', 4) ?? '', at: start + 8, length };
    if (!head || chunk.at + length + checksumBytes > file.size) throw cutOff('PNG');
    requireSound(file, chunk);
    if (chunk.type === 'IEND') return;
    yield chunk;
    start = chunk.at + length + checksumBytes;
  }
}

// A decoder must know every chunk whose name begins with a capital letter, and it checks the checksums of those.
const critical = /^[A-Z]/;
const knownCritical = ['IHDR', 'PLTE', 'IDAT', 'IEND'];

function requireSound(file: FileWindow, { type, at, length }: Chunk): void {
  if (!/^[a-z]{4}$/i.test(type)) throw damaged('PNG', 'a chunk has no name');
  if (!critical.test(type)) return;
  const end = at + length;
  const checksum = file.slice(end, checksumBytes)?.readUInt32BE();
  if (checksumOf(file, at - 4, end) !== checksum) throw damaged('PNG', 'a checksum is wrong');
  if (!knownCritical.includes(type)) throw damaged('PNG', 'it has an unknown chunk');
}

function checksumOf(file: FileWindow, from: number, to: number): number {
  let sum = 0;
  for (const piece of file.pieces(from, to)) sum = crc32(piece, sum);
  return sum;
}
