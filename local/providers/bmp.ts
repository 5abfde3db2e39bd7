import type { Picture } from './images/picture.ts';

const headerBytes = 54;
const windowsHeader = 40;
/** The compression types without compression; 3 is 32 bits with the usual channel order given as masks. */
const uncompressed = [0, 3];

export const isBmp = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 2) === 'BM';

/** A BMP of 24 or 32 bits without compression; the fourth byte of a pixel is ignored. */
export function readBmp(bytes: Buffer): Picture {
  if (bytes.length < headerBytes) throw new Error('the BMP header is cut off');
  const width = bytes.readInt32LE(18);
  const lines = bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(28);
  const isReadable =
    bytes.readUInt32LE(14) >= windowsHeader &&
    (bits === 24 || bits === 32) &&
    uncompressed.includes(bytes.readUInt32LE(30));
  if (!isReadable) throw new Error('only 24 and 32 bit BMP without compression can be read');
  const height = Math.abs(lines);
  const start = bytes.readUInt32LE(10);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (width < 1 || height < 1 || bytes.length < start + stride * height) {
    throw new Error('the BMP has fewer pixels than its header says');
  }
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    // A positive height means that the lowest line comes first.
    const from = start + stride * (lines > 0 ? height - 1 - y : y);
    copyLine(bytes.subarray(from, from + stride), pixels.subarray(y * width * 3), width, bits / 8);
  }
  return { pixels, width, height };
}

function copyLine(line: Buffer, pixels: Buffer, width: number, pixelBytes: number): void {
  for (let x = 0; x < width; x += 1) {
    const [blue = 0, green = 0, red = 0] = line.subarray(x * pixelBytes, x * pixelBytes + 3);
    pixels.set([red, green, blue], x * 3);
  }
}
