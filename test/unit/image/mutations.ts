import { corpus } from './corpus.ts';
import { damaged } from './refused.ts';

export type Roll = (sides: number) => number;

// mulberry32: small, seeded, so that a failure can be had again.
export const dice = (seed: number): Roll => {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
};

const mostBytes = 4096;
const originals = [...corpus, ...damaged].map(([, bytes]) => bytes);
const favourites = [0, 1, 2, 0x7f, 0x80, 0xc0, 0xd8, 0xda, 0xfe, 0xff];
const lengths = [0, 1, 2, 7, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const signposts = [
  '\xff\xd8',
  '\xff\xc0',
  '\xff\xe1',
  'IDAT',
  'tRNS',
  'acTL',
  'VP8X',
  'ANMF',
  'BM',
];

const pick = <T>(roll: Roll, list: readonly T[]): T | undefined => list[roll(list.length)];

// Half of the damage is done where headers lie.
const place = (roll: Roll, { length }: Buffer) =>
  roll(roll(2) === 0 ? Math.min(160, length + 1) : length + 1);

const piece = (roll: Roll) => {
  const from = pick(roll, originals) ?? Buffer.alloc(0);
  const start = place(roll, from);
  return from.subarray(start, start + 1 + roll(200));
};

const insert = (bytes: Buffer, at: number, more: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);

function overwrite(bytes: Buffer, at: number, more: Uint8Array): Buffer {
  bytes.set(more.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
  return bytes;
}

const number = (roll: Roll) => {
  const bytes = Buffer.alloc(4);
  const value = pick(roll, lengths) ?? 0;
  if (roll(2) === 0) bytes.writeUInt32BE(value);
  else bytes.writeUInt32LE(value);
  return bytes.subarray(roll(2) * 2);
};

type Damage = (bytes: Buffer, roll: Roll) => Buffer;

/** What is done to a picture; each may be done several times over. */
const damages: readonly Damage[] = [
  // A bit flips.
  (bytes, roll) => {
    const at = place(roll, bytes);
    return overwrite(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ (1 << roll(8))]));
  },
  // A byte becomes one that means something, or any other.
  (bytes, roll) => {
    const value = roll(2) === 0 ? pick(roll, favourites) : roll(256);
    return overwrite(bytes, place(roll, bytes), Buffer.from([value ?? 0]));
  },
  // A length, or what stands where one may be, becomes extreme.
  (bytes, roll) => overwrite(bytes, place(roll, bytes), number(roll)),
  // The end is lost.
  (bytes, roll) => bytes.subarray(0, place(roll, bytes)),
  // A part is lost.
  (bytes, roll) => {
    const at = place(roll, bytes);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(64))]);
  },
  // A part comes twice.
  (bytes, roll) => {
    const at = place(roll, bytes);
    return insert(bytes, at, bytes.subarray(at, at + 1 + roll(200)));
  },
  // A part of another picture comes in between.
  (bytes, roll) => insert(bytes, place(roll, bytes), piece(roll)),
  // A run of one byte comes in between.
  (bytes, roll) =>
    insert(bytes, place(roll, bytes), Buffer.alloc(1 + roll(600), pick(roll, favourites))),
  // What begins a segment or a chunk stands where none begins.
  (bytes, roll) =>
    overwrite(bytes, place(roll, bytes), Buffer.from(pick(roll, signposts) ?? '', 'latin1')),
];

/** A picture of the corpus to which something happened on the way. */
export function mutant(roll: Roll): Buffer {
  let bytes: Buffer = Buffer.from(
    (pick(roll, originals) ?? Buffer.alloc(0)).subarray(0, mostBytes),
  );
  for (let left = 1 + roll(5); left > 0; left -= 1) {
    bytes = pick(roll, damages)?.(bytes, roll) ?? bytes;
  }
  return bytes;
}
