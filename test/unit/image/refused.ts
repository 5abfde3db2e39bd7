import {
  bmp,
  chunk,
  coreBmp,
  extendedWebp,
  jpeg,
  losslessWebp,
  lossyWebp,
  png,
  segment,
} from '../../support/pictures.ts';

const text = (content: string) => Buffer.from(content, 'latin1');
const changed = (bytes: Buffer, at: number, ...values: number[]) => {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
};

/** What else comes as a picture, and what it is called. */
export const foreign: readonly (readonly [reason: string, bytes: Buffer])[] = [
  ['a GIF', text('GIF89a\x40\x01\x40\x01')],
  ['a TIFF', text('II*\0\x08\0\0\0')],
  ['a TIFF', text('MM\0*\0\0\0\x08')],
  ['a TIFF', text('II+\0\x08\0\0\0')],
  ['an AVIF', text('\0\0\0\x18ftypavis\0\0\0\0avifmsf1')],
  ['a HEIC', text('\0\0\0\x18ftyphevc\0\0\0\0heic')],
  ['a TIFF', text('MM\0+\0\x08\0\0')],
  ['a GIF', text('GIF87a\x40\x01\x40\x01')],
  ['not a picture in a known format', text('\0\0\x01\0\x01\0\x40\x40\0\0\x01\0')],
  ['not a picture in a known format', text('8BPS\0\x01\0\0\0\0\0\0')],
  ['not a picture in a known format', text('\xff\x0a\xfa\x1f')],
  ['not a picture in a known format', text('\xff\x4f\xff\x51\0\x29')],
  ['not a picture in a known format', text('\0\0\0\x0cJXL \r\n\x87\n')],
  ['not a picture in a known format', text('RIFF\x24\0\0\0WAVEfmt ')],
  ['not a picture in a known format', text('\x8aMNG\r\n\x1a\n')],
  ['not a picture in a known format', text('BA\x2e\0\0\0\0\0\0\0')],
  ['a HEIC', text('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
  ['a HEIC', text('\0\0\0\x18ftypmif1\0\0\0\0mif1heic')],
  ['an AVIF', text('\0\0\0\x18ftypavif\0\0\0\0avifmif1')],
  ['an AVIF', text('\0\0\0\x18ftypmif1\0\0\0\0mif1avif')],
  ['an SVG', text('<svg xmlns="http://www.w3.org/2000/svg">')],
  ['an SVG', text('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg>')],
  ['a PDF', text('%PDF-1.7\n')],
  ['an HTML page', text('\n<!DOCTYPE html><title>Not found</title>')],
  ['an XML document', text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  ['not a picture in a known format', text('hello')],
  ['not a picture in a known format', text('<3')],
  ['not a picture in a known format', Buffer.alloc(0)],
];

/** Files of an allowed format that cannot be right, and a word of why. */
export const damaged: readonly (readonly [name: string, bytes: Buffer, why: string])[] = [
  ['a PNG without width', png(0, 500), 'no width'],
  ['a PNG without height', png(500, 0), 'no width or no height'],
  ['a PNG wider than the format allows', png(0x8000_0001, 500), 'makes no sense'],
  ['a PNG of an unknown colour type', png(500, 500, { colourType: 5 }), 'makes no sense'],
  ['a PNG that begins with another chunk', changed(png(5, 5), 12, 0x43), 'with its header'],
  [
    'a PNG that ends before its pixels',
    png(5, 5, { before: [chunk('IEND', text(''))] }),
    'no pixels',
  ],
  ['a PNG chunk with a negative length', changed(png(5, 5), 33, 0xff), 'too early'],
  ['a PNG chunk longer than the file', changed(png(5, 5), 35, 0x7f), 'too early'],
  ['a JPEG without height', jpeg(500, 0), 'no width or no height'],
  [
    'a JPEG that scans before it frames',
    jpeg(5, 5, { before: [segment(0xda, text(''))] }),
    'frame',
  ],
  ['a JPEG that ends before it frames', jpeg(5, 5, { before: [text('\xff\xd9')] }), 'frame'],
  ['a JPEG in a JPEG', jpeg(5, 5, { before: [text('\xff\xd8')] }), 'frame'],
  ['a JPEG segment of length 0', jpeg(5, 5, { before: [text('\xff\xe0\0\0')] }), 'no length'],
  ['a JPEG segment of length 1', jpeg(5, 5, { before: [text('\xff\xe0\0\x01')] }), 'no length'],
  ['a JPEG frame without components', jpeg(5, 5, { components: 0 }), 'contradicts itself'],
  [
    'a JPEG of nothing but fill bytes',
    Buffer.concat([text('\xff\xd8'), Buffer.alloc(9000, 0xff)]),
    'too early',
  ],
  ['a WebP that promises more than it has', lossyWebp(5, 5).subarray(0, -1), 'too early'],
  ['a lossy WebP of 24 bytes', changed(lossyWebp(5, 5).subarray(0, 24), 4, 16, 0), 'too early'],
  [
    'a lossless WebP of 24 bytes',
    changed(losslessWebp(5, 5).subarray(0, 24), 4, 16, 0),
    'too early',
  ],
  [
    'an extended WebP of 24 bytes',
    changed(extendedWebp(5, 5).subarray(0, 24), 4, 16, 0),
    'too early',
  ],
  ['a WebP of 16 bytes', lossyWebp(5, 5).subarray(0, 16), 'too early'],
  ['a WebP without a picture', changed(lossyWebp(5, 5), 12, 0x49), 'with a picture'],
  ['a WebP that begins between key frames', changed(lossyWebp(5, 5), 20, 0x11), 'no header'],
  ['a lossy WebP without width', lossyWebp(0, 5), 'no width'],
  ['a PNG of more pixels than can be counted', png(0xffff_ffff, 0xffff_ffff), 'makes no sense'],
  [
    'a PNG as some telephones write it',
    Buffer.concat([
      png(5, 5).subarray(0, 8),
      chunk('CgBI', Buffer.alloc(4)),
      png(5, 5).subarray(8),
    ]),
    'with its header',
  ],
  ['a PNG whose header is too long', changed(png(5, 5), 11, 14), 'with its header'],
  ['a JPEG that tells its height behind its pixels', jpeg(500, 0, { frame: 0xc2 }), 'no height'],
  [
    'an extended JPEG frame cut off',
    jpeg(5, 5, { before: [text('\xff\xc1\0\x05\x08')] }),
    'contradicts itself',
  ],
  ['a WebP that begins with its profile', changed(extendedWebp(5, 5), 12, 0x49, 0x43), 'a picture'],
  ['a lossless WebP of another version', changed(losslessWebp(5, 5), 24, 0x20), 'no header'],
  ['a BMP of the second OS/2 kind, cut short', bmp(5, 5, { headerSize: 16 }), 'unknown kind'],
  ['a BMP of negative width', bmp(-500, 500), 'no width'],
  ['a BMP without height', bmp(500, 0), 'no height'],
  ['a BMP of 7 bits', bmp(500, 500, { depth: 7 }), 'makes no sense'],
  ['a text that begins with BM', text('BM, the abbreviation, has many meanings'), 'unknown kind'],
  ['the oldest BMP without width', coreBmp(0, 5), 'no width'],
];
