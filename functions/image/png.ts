import { damaged, type Header, missing, type Reading, type Start } from './reading.ts';

const longest = 0x7fff_ffff; // the format's own limit for a side
const withAlpha = [4, 6];
const colourTypes = [0, 2, 3, ...withAlpha];

export function readPng(start: Start): Reading {
  const lack = missing(start, 33, 'PNG');
  if (lack) return lack;
  const { bytes } = start;
  if (bytes.readUInt32BE(8) !== 13 || bytes.toString('latin1', 12, 16) !== 'IHDR') {
    return damaged('PNG', 'it does not begin with its header');
  }
  const width = bytes.readUInt32BE(16);
  const height = bytes.readUInt32BE(20);
  const colourType = bytes.readUInt8(25);
  if (Math.max(width, height) > longest || !colourTypes.includes(colourType)) {
    return damaged('PNG', 'its header makes no sense');
  }
  const alpha = withAlpha.includes(colourType);
  return readChunks(start, { format: 'png', width, height, alpha, animated: false });
}

// Transparency and animation are told by chunks that must stand before the first pixels.
function readChunks(start: Start, header: Header): Reading {
  let { alpha, animated } = header;
  let at = 33;
  for (;;) {
    const lack = missing(start, at + 8, 'PNG');
    if (lack) return lack;
    const length = start.bytes.readUInt32BE(at);
    const type = start.bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > start.size) return damaged('PNG', 'it ends too early');
    if (type === 'IDAT') return { ...header, alpha, animated };
    if (type === 'IEND') return damaged('PNG', 'it has no pixels');
    alpha ||= type === 'tRNS';
    animated ||= type === 'acTL';
    at = end;
  }
}
