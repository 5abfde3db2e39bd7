import { damaged, missing, type Reading, type Start } from './reading.ts';

export function readWebp(start: Start): Reading {
  const lack = missing(start, 20, 'WebP');
  if (lack) return lack;
  // A file that promises more bytes than it has was cut off on its way.
  if (start.bytes.readUInt32LE(4) + 8 > start.size) return damaged('WebP', 'it ends too early');
  const kind = start.bytes.toString('latin1', 12, 16);
  if (kind === 'VP8 ') return readLossy(start);
  if (kind === 'VP8L') return readLossless(start);
  if (kind === 'VP8X') return readExtended(start);
  return damaged('WebP', 'it does not begin with a picture');
}

function readLossy(start: Start): Reading {
  const lack = missing(start, 30, 'WebP');
  if (lack) return lack;
  const { bytes } = start;
  // The lowest bit is 0 in a key frame, and the start code follows only then.
  if ((bytes.readUInt8(20) & 1) !== 0 || bytes.readUIntBE(23, 3) !== 0x9d012a) {
    return damaged('WebP', 'its first frame has no header');
  }
  return {
    format: 'webp',
    width: bytes.readUInt16LE(26) & 0x3fff, // the two bits above are a scaling hint
    height: bytes.readUInt16LE(28) & 0x3fff,
    alpha: false,
    animated: false,
  };
}

function readLossless(start: Start): Reading {
  const lack = missing(start, 25, 'WebP');
  if (lack) return lack;
  const packed = start.bytes.readUInt32LE(21);
  const version = packed >>> 29;
  if (start.bytes.readUInt8(20) !== 0x2f || version !== 0) {
    return damaged('WebP', 'its picture has no header');
  }
  return {
    format: 'webp',
    width: (packed & 0x3fff) + 1,
    height: ((packed >>> 14) & 0x3fff) + 1,
    alpha: ((packed >>> 28) & 1) === 1,
    animated: false,
  };
}

function readExtended(start: Start): Reading {
  const lack = missing(start, 30, 'WebP');
  if (lack) return lack;
  const flags = start.bytes.readUInt8(20);
  return {
    format: 'webp',
    width: start.bytes.readUIntLE(24, 3) + 1,
    height: start.bytes.readUIntLE(27, 3) + 1,
    alpha: (flags & 0x10) !== 0,
    animated: (flags & 0x02) !== 0,
  };
}
