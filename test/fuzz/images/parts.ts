import type { Roll } from './mutations.ts';

// A picture as the list of its parts: the chunks of a PNG or a WebP, the segments of a JPEG, the fields in the headers of
// a BMP. Each stays as it is, with a right length and a right checksum, while the list is changed.

type Parts = readonly Buffer[];
type Format = { readonly split: (bytes: Buffer) => Parts; readonly join: (parts: Parts) => Buffer };

const png: Format = {
  split: (bytes) => {
    const parts: Buffer[] = [];
    for (let at = 8; at < bytes.length; ) {
      const end = at + 12 + bytes.readUInt32BE(at);
      parts.push(bytes.subarray(at, end));
      at = end;
    }
    return parts;
  },
  join: (parts) => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]),
};

const webp: Format = {
  split: (bytes) => {
    const parts: Buffer[] = [];
    for (let at = 12; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at + 4);
      const end = at + 8 + length + (length % 2);
      parts.push(bytes.subarray(at, end));
      at = end;
    }
    return parts;
  },
  join: (parts) => {
    const body = Buffer.concat([Buffer.from('WEBP'), ...parts]);
    const head = Buffer.from('RIFF\0\0\0\0', 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body]);
  },
};

/** Where the data of a scan ends: at the next marker that is no restart. */
function endOfScan(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length - 1) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && code !== 0 && (code < 0xd0 || code > 0xd7)) return at;
    at += 1;
  }
  return bytes.length;
}

const jpeg: Format = {
  split: (bytes) => {
    const parts: Buffer[] = [];
    for (let at = 2; at < bytes.length; ) {
      const code = bytes[at + 1] ?? 0;
      const segmentEnd = code === 0xd9 ? at + 2 : at + 2 + bytes.readUInt16BE(at + 2);
      const end = code === 0xda ? endOfScan(bytes, segmentEnd) : segmentEnd;
      parts.push(bytes.subarray(at, end));
      at = end;
    }
    return parts;
  },
  join: (parts) => Buffer.concat([Buffer.from([0xff, 0xd8]), ...parts]),
};

/** The lengths of the fields: those of the file, then those of the header of 40 bytes and the four masks after it. */
const bmpFields = [2, 4, 4, 4, 4, 4, 4, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4];

const bmp: Format = {
  split: (bytes) => {
    const parts: Buffer[] = [];
    let at = 0;
    for (const length of bmpFields) {
      parts.push(bytes.subarray(at, at + length));
      at += length;
    }
    return [...parts, bytes.subarray(at)];
  },
  join: (parts) => Buffer.concat(parts),
};

const formats = { png, webp, jpeg, bmp };

export type Sample = { readonly format: keyof typeof formats; readonly bytes: Buffer };

/** The picture again, from its own parts. */
export const reassembled = ({ format, bytes }: Sample): Buffer =>
  formats[format].join(formats[format].split(bytes));

const insert = (parts: Parts, at: number, part: Buffer): Parts => [
  ...parts.slice(0, at),
  part,
  ...parts.slice(at),
];
const without = (parts: Parts, at: number): Parts => parts.filter((_, index) => index !== at);

/** A picture whose parts were left out, repeated, moved, or mixed with those of another picture of its format. */
export function structuralMutant(samples: readonly Sample[], roll: Roll): Sample {
  const sample = samples[roll(samples.length)];
  if (!sample) throw new Error('there are no samples');
  const { format } = sample;
  const others = samples.filter((other) => other.format === format);
  const { split, join } = formats[format];
  let parts = split(sample.bytes);
  for (let left = 1 + roll(2); left > 0; left -= 1) {
    const at = roll(parts.length);
    const part = parts[at] ?? Buffer.alloc(0);
    const foreign = split(others[roll(others.length)]?.bytes ?? sample.bytes);
    const foreignPart = foreign[roll(foreign.length)] ?? part;
    const place = roll(parts.length + 1);
    const kinds = [
      () => without(parts, at),
      () => insert(parts, place, part),
      () => insert(without(parts, at), Math.min(place, parts.length - 1), part),
      () => insert(parts, place, foreignPart),
      () => insert(without(parts, at), at, foreignPart),
      () => insert(without(parts, at), at, foreign[at] ?? part),
      () => parts.slice(0, place),
    ];
    parts = kinds[roll(kinds.length)]?.() ?? parts;
  }
  return { format, bytes: join(parts) };
}

export const { split: splitPng, join: joinPng } = png;
