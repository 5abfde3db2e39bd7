import { crc32 } from 'node:zlib';
import type { ImageFormat } from '../model/image-format.ts';
import type { Header } from './header-result.ts';
import { FileWindow, type ImageFile } from './image-file.ts';
import { type Chunk, webpChunks } from './webp.ts';

const sandboxText = 'Darkroom sandbox output: this picture is the input, returned in test mode.';

/** The result of a test task: its input, with a text in the file that says so. `picture` is the result of `readImage`. */
export const sandboxOutput = (file: ImageFile, picture: Header): Iterable<Uint8Array> =>
  withText(file, picture, sandboxText);

/**
 * The bytes of a picture with a text in its metadata, where programs that show such texts find it. The pixels are copied
 * unchanged. `picture` is the result of `readImage`; the text is ASCII, without characters that XML reserves.
 *
 * JPEG: a comment (COM) before all else. PNG: a `tEXt` chunk behind the header. WebP: an XMP chunk, in place of an existing
 * one. BMP has no place for texts: the text follows the pixels, where decoders do not read.
 */
export const withText = (file: ImageFile, picture: Header, text: string): Iterable<Uint8Array> =>
  writers[picture.format](new FileWindow(file), Buffer.from(text, 'ascii'), picture);

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

type Writer = (file: FileWindow, text: Buffer, picture: Header) => Iterable<Uint8Array>;

function* jpegWithText(file: FileWindow, text: Buffer) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(length.length + text.length);
  yield* file.pieces(0, 2);
  yield Buffer.concat([Buffer.from([0xff, 0xfe]), length, text]);
  yield* file.pieces(2, file.size);
}

/** The signature, and the header with its length, type and checksum. */
const pngHeaderEnd = 8 + 4 + 4 + 13 + 4;

function* pngWithText(file: FileWindow, text: Buffer) {
  const chunk = Buffer.concat([latin1('tEXtComment\0'), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length - 4); // without the type
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(chunk));
  yield* file.pieces(0, pngHeaderEnd);
  yield Buffer.concat([length, chunk, checksum]);
  yield* file.pieces(pngHeaderEnd, file.size);
}

function* bmpWithText(file: FileWindow, text: Buffer) {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(file.size + text.length);
  yield* file.pieces(0, 2);
  yield size;
  yield* file.pieces(6, file.size);
  yield text;
}

const xmp = (text: string): Buffer =>
  Buffer.from(
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
      '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>' +
      `<rdf:li xml:lang="x-default">${text}</rdf:li>` +
      '</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>',
  );

const flags = { xmp: 0x04 };

/** Only an extended file can have a text, so a simple one becomes an extended one. */
function* webpWithText(file: FileWindow, text: Buffer, picture: Header) {
  const end = (file.slice(4, 4)?.readUInt32LE() ?? 0) + 8;
  const all = [...webpChunks(file, 12, end)];
  const header = extendedHeader(file, all, picture);
  header.writeUInt8(header.readUInt8(0) | flags.xmp);
  const kept = all.filter(({ type }) => type !== 'VP8X' && type !== 'XMP ');
  const first = webpChunk('VP8X', header);
  const last = webpChunk('XMP ', xmp(text.toString('ascii')));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(
    kept.reduce((sum, { length }) => sum + 8 + padded(length), 4 + first.length + last.length),
  );
  yield Buffer.concat([latin1('RIFF'), size, latin1('WEBP'), first]);
  for (const { at, length } of kept) {
    yield* file.pieces(at - 8, at + length);
    yield Buffer.alloc(padded(length) - length); // also if the last chunk of the file lacks its padding
  }
  yield last;
}

/** A chunk of odd length is followed by a byte of padding. */
const padded = (length: number): number => length + (length % 2);

function webpChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([latin1(type), length, data, Buffer.alloc(data.length % 2)]);
}

/** The flags, and the sides of the picture minus one. */
function extendedHeader(file: FileWindow, chunks: readonly Chunk[], { width, height }: Header) {
  const own = chunks.find(({ type }) => type === 'VP8X');
  const bytes = own && file.slice(own.at, 10);
  if (bytes) return Buffer.from(bytes);
  const header = Buffer.alloc(10);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return header;
}

const writers: Readonly<Record<ImageFormat, Writer>> = {
  jpeg: jpegWithText,
  png: pngWithText,
  webp: webpWithText,
  bmp: bmpWithText,
};
