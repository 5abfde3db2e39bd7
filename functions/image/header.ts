import { readBmp } from './bmp.ts';
import { nameForeign } from './foreign.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import { damaged, type Reading, type Start } from './reading.ts';
import { readWebp } from './webp.ts';

const sniffed = 512;

/**
 * Reads the header of a picture from the first bytes of a file that is `size` bytes long. The content
 * decides about the format. Never throws, whatever the bytes are.
 */
export function readHeader(bytes: Uint8Array, size: number): Reading {
  const length = Math.min(bytes.length, size);
  const start: Start = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, length), size };
  const need = Math.min(sniffed, size);
  if (length < need) return { need };
  const reading = readFormat(start);
  if ('format' in reading && (reading.width < 1 || reading.height < 1)) {
    return damaged('picture', 'its header says that it has no width or no height');
  }
  return reading;
}

function readFormat(start: Start): Reading {
  const head = start.bytes.toString('latin1', 0, sniffed);
  if (head.startsWith('\xff\xd8\xff')) return readJpeg(start);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return readPng(start);
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return readWebp(start);
  if (head.startsWith('BM')) return readBmp(start);
  return { reason: nameForeign(head) ?? 'not a picture in a known format' };
}
