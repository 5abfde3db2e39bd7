import { readBmp } from './bmp.ts';
import { damaged, type Header, type HeaderResult, UnreadableImage } from './header-result.ts';
import { FileWindow, type ImageFile } from './image-file.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import { nameContent } from './unsupported-format.ts';
import { readWebp } from './webp.ts';

// Enough to recognise every format, also those we reject by name.
const sniffedBytes = 512;

/**
 * Reads a picture from its first byte to its end marker, by its structure alone: the pixels are not decoded. The
 * format is taken from the content. Whatever the bytes are, it throws only what the file itself throws.
 */
export function readImage(file: ImageFile): HeaderResult {
  try {
    const header = readFormat(new FileWindow(file));
    if (header.width > 0 && header.height > 0) return header;
    throw damaged('picture', 'its header says that it has no width or no height');
  } catch (error) {
    if (error instanceof UnreadableImage) return error.invalid;
    throw error;
  }
}

function readFormat(file: FileWindow): Header {
  const head = file.slice(0, Math.min(sniffedBytes, file.size))?.toString('latin1') ?? '';
  if (head.startsWith('\xff\xd8\xff')) return readJpeg(file);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return readPng(file);
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return readWebp(file);
  if (head.startsWith('BM')) return readBmp(file);
  throw nameContent(head);
}
