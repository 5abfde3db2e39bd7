import { cutOff, damaged, type Header } from './header-result.ts';
import type { FileWindow } from './image-file.ts';

/**
 * Walks from marker to marker to the end marker. No decoder reads what follows the end marker; often it is another
 * picture.
 */
export function readJpeg(file: FileWindow): Header {
  let frame: Header | undefined;
  let hasScan = false;
  for (const { code, at, length } of segments(file)) {
    if (isFrame(code)) frame = readFrame(file.slice(at, length), frame);
    if (code === startOfScan) {
      if (!frame) throw damaged('JPEG', 'it has no frame header');
      hasScan = true;
    }
  }
  if (!frame) throw damaged('JPEG', 'it has no frame header');
  if (!hasScan) throw damaged('JPEG', 'it has no pixels');
  return frame;
}

const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;

// TEM, and the restart markers inside a scan.
const standsAlone = (code: number): boolean => code === 0x01 || (code >= 0xd0 && code <= 0xd7);

// DHT, JPG and DAC (C4, C8, CC) are in the range of the frame markers, but are no frames.
const isFrame = (code: number): boolean =>
  code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** The segments up to the end marker. A segment begins with its length, which includes the length itself. */
function* segments(file: FileWindow) {
  let next = 2;
  for (;;) {
    const marker = nextMarker(file, next);
    if (!marker) throw cutOff('JPEG');
    const { code, at } = marker;
    if (code === endOfImage) return;
    if (code === startOfImage) throw damaged('JPEG', 'another one begins inside it');
    const length = standsAlone(code) ? 0 : segmentLength(file, at);
    yield { code, at, length };
    next = at + length;
  }
}

function segmentLength(file: FileWindow, at: number): number {
  const length = file.slice(at, 2)?.readUInt16BE();
  if (length === undefined || at + length > file.size) throw cutOff('JPEG');
  if (length < 2) throw damaged('JPEG', 'a segment has no length');
  return length;
}

// Decoders skip fill bytes (FF FF …) and garbage between segments, so this reader must do so too. In the data of
// a scan, FF 00 is a byte of the data.
function nextMarker(file: FileWindow, from: number) {
  let at = file.indexOf(0xff, from);
  while (at !== undefined) {
    const code = file.byte(at + 1);
    if (code === undefined) return undefined;
    if (code !== 0 && code !== 0xff) return { code, at: at + 2 };
    at = file.indexOf(0xff, at + 1);
  }
  return undefined;
}

function readFrame(segment: Buffer | undefined, earlier: Header | undefined): Header {
  if (earlier) throw damaged('JPEG', 'it has two frame headers');
  const components = segment?.[7];
  if (!segment || !components || segment.length !== 8 + 3 * components) {
    throw damaged('JPEG', 'its frame header contradicts itself');
  }
  return {
    format: 'jpeg',
    width: segment.readUInt16BE(5),
    height: segment.readUInt16BE(3),
    alpha: false,
    animated: false,
  };
}
