import { damaged, missing, type Reading, type Start, type Unreadable } from './reading.ts';

/** Walks from marker to marker until a frame header tells the size. */
export function readJpeg(start: Start): Reading {
  let at = 2;
  for (;;) {
    at = nextMarker(start.bytes, at);
    const lack = missing(start, at + 4, 'JPEG');
    if (lack) return lack;
    const marker = start.bytes.readUInt8(at + 1);
    if (isFrame(marker)) return readFrame(start, at);
    const step = stepOver(start.bytes, at, marker);
    if (typeof step !== 'number') return step;
    at += step;
  }
}

// Between segments decoders skip fill bytes (FF FF …), and garbage as well: so must we.
function nextMarker(bytes: Buffer, from: number): number {
  let at = from;
  while (at + 1 < bytes.length && !isMarker(bytes, at)) at += 1;
  return at;
}

function isMarker(bytes: Buffer, at: number): boolean {
  const code = bytes[at + 1];
  return bytes[at] === 0xff && code !== 0 && code !== 0xff;
}

// DHT, JPG and DAC lie among the frame markers without being any.
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function stepOver(bytes: Buffer, at: number, marker: number): number | Unreadable {
  // A second start, the end, or the first scan.
  if (marker >= 0xd8 && marker <= 0xda) return damaged('JPEG', 'it has no frame header');
  const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
  if (standsAlone) return 2;
  const length = bytes.readUInt16BE(at + 2);
  return length < 2 ? damaged('JPEG', 'a segment has no length') : 2 + length;
}

function readFrame(start: Start, at: number): Reading {
  const lack = missing(start, at + 10, 'JPEG');
  if (lack) return lack;
  const { bytes } = start;
  const components = bytes.readUInt8(at + 9);
  if (components === 0 || bytes.readUInt16BE(at + 2) !== 8 + 3 * components) {
    return damaged('JPEG', 'its frame header contradicts itself');
  }
  return {
    format: 'jpeg',
    width: bytes.readUInt16BE(at + 7),
    height: bytes.readUInt16BE(at + 5),
    alpha: false,
    animated: false,
  };
}
