import { readBmp } from './bmp.ts';
import {
  damaged,
  type Header,
  type HeaderResult,
  notAPicture,
  UnreadableImage,
  unsupported,
} from './header-result.ts';
import { FileWindow, type ImageFile } from './image-file.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import { readWebp } from './webp.ts';

// Enough to recognise every format, also those we reject by name.
const sniffedBytes = 512;

/**
 * Reads a picture from its first byte to its end marker, by its structure alone: the pixels are not decoded. The
 * format is taken from the content. No bytes make it throw: it throws only errors of reading the file.
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

const magicNumbers: readonly (readonly [string, number, string])[] = [
  ['GIF8', 0, 'a GIF'],
  ['II*\0', 0, 'a TIFF'],
  ['MM\0*', 0, 'a TIFF'],
  ['II+\0', 0, 'a TIFF'],
  ['MM\0+', 0, 'a TIFF'],
  ['%PDF-', 0, 'a PDF'],
  ['ftyphei', 4, 'a HEIC'],
  ['ftyphev', 4, 'a HEIC'],
  ['ftypavi', 4, 'an AVIF'],
];
const gzip = '\x1f\x8b';

/** Names the content of a file that we do not accept; `head` is its start, as Latin-1. */
function nameContent(head: string): UnreadableImage {
  const picture =
    magicNumbers.find(([text, at]) => head.startsWith(text, at))?.[2] ?? nameContainer(head);
  if (picture) return unsupported(picture);
  if (head.startsWith(gzip)) return notAPicture('compressed with gzip');
  return nameText(head) ?? unsupported('not a picture in a known format');
}

// The first brand of a container may be a neutral one; the real one is then among the compatible brands.
function nameContainer(head: string): string | undefined {
  if (!/^ftypm(if|sf)1/.test(head.slice(4))) return undefined;
  return head.slice(8, 64).includes('avif') ? 'an AVIF' : 'a HEIC';
}

// Text in the place of a picture is usually an error that was sent with status 200.
function nameText(head: string): UnreadableImage | undefined {
  const text = head
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (/^[{[]\s*["{[\]}]/.test(text)) return notAPicture('JSON');
  if (!text.startsWith('<')) return undefined;
  if (text.includes('<svg')) return unsupported('an SVG');
  if (/<!doctype html|<html|<head|<body/.test(text)) return notAPicture('an HTML page');
  return text.startsWith('<?xml') ? notAPicture('an XML document') : undefined;
}
