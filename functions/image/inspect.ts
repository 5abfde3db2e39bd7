import type { ImageLimits } from '../task/models.ts';
import type { Inspect, Piece } from '../task/ports.ts';
import type { TaskErrorCode } from '../task/problem.ts';
import type { Failure } from '../task/task.ts';
import { readHeader } from './header.ts';
import type { Header, Unreadable } from './reading.ts';

type Read = (from: number, bytes: number) => Promise<Piece>;

const kB = 1024;
// How far each read reaches. It grows, because every large segment hides where the next one ends.
const reaches = [64 * kB, 256 * kB, 1024 * kB] as const;

const names = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', bmp: 'BMP' } as const;
const aliases: Record<string, string> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'image/x-bmp': 'image/bmp',
  'image/x-ms-bmp': 'image/bmp',
};
// What storage says about a file when nobody told it the type: no claim that could be wrong.
const claimless = ['', 'application/octet-stream', 'binary/octet-stream'];

const fail = (code: TaskErrorCode, message: string): Failure => ({ code, message });

export const inspect: Inspect = async (read, limits, declaredType = '') => {
  const first = await read(0, reaches[0]);
  const misfit = checkSize(first.size, limits);
  if (misfit) return misfit;
  const header = await findHeader(read, first);
  if (header === undefined) {
    return fail(
      'image_processing_error',
      'has more than 1 MB of metadata in front of its pixels; save it without metadata and send it again',
    );
  }
  if ('reason' in header) {
    return fail(
      'image_processing_error',
      `is ${header.reason}; export it as JPEG, PNG, WebP or BMP and send it again`,
    );
  }
  return checkType(header, declaredType) ?? checkKind(header) ?? checkSides(header, limits);
};

function checkSize(size: number, { maxBytes }: ImageLimits): Failure | undefined {
  if (size === 0) return fail('invalid_parameters', 'is empty (0 bytes); send the picture itself');
  if (size <= maxBytes) return undefined;
  const limit = `${maxBytes} bytes (${Math.floor(maxBytes / (kB * kB))} MB)`;
  return fail('invalid_parameters', `is ${size} bytes; make it ${limit} or less and send it again`);
}

/** `undefined`: it lies further back than we are willing to look. */
async function findHeader(read: Read, first: Piece): Promise<Header | Unreadable | undefined> {
  let { bytes } = first;
  let reading = readHeader(bytes, first.size);
  for (const reach of reaches.slice(1)) {
    if (!('need' in reading) || reading.need > reaches[2]) break;
    const end = Math.min(Math.max(reading.need, reach), first.size);
    const next = await read(bytes.length, end - bytes.length);
    bytes = Buffer.concat([bytes, next.bytes]);
    reading = readHeader(bytes, first.size);
  }
  return 'need' in reading ? undefined : reading;
}

function checkType({ format }: Header, declaredType: string): Failure | undefined {
  const declared = declaredType.split(';', 1).join('').trim().toLowerCase();
  const actual = `image/${format}`;
  if (claimless.includes(declared) || (aliases[declared] ?? declared) === actual) return undefined;
  return fail(
    'image_processing_error',
    `is declared as ${declared.slice(0, 60)} but is a ${names[format]}; declare it as ${actual} and send it again`,
  );
}

function checkKind({ alpha, animated }: Header): Failure | undefined {
  if (animated) {
    return fail('image_processing_error', 'is animated; send a single picture without animation');
  }
  if (!alpha) return undefined;
  return fail(
    'image_processing_error',
    'has an alpha channel (transparency); flatten it onto a background and send it again',
  );
}

function checkSides({ width, height }: Header, limits: ImageLimits): Failure | undefined {
  const { minSide, maxSide } = limits;
  if (Math.min(width, height) >= minSide && Math.max(width, height) <= maxSide) return undefined;
  return fail(
    'image_dimension_mismatch',
    `is ${width}×${height} pixels; each side must be ${minSide} to ${maxSide}`,
  );
}
