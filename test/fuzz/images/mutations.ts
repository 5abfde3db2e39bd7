import { seededRandom } from '../../../local/providers/images/random.ts';
import { corpus } from '../../unit/domain/images/corpus.ts';
import { damaged } from '../../unit/domain/images/rejected-files.ts';

export type Roll = (sides: number) => number;

export const dice = (seed: number): Roll => {
  const random = seededRandom(seed);
  return (sides) => Math.floor(random() * sides);
};

const maxBytes = 8192;
const originals = [...corpus, ...damaged].map(([, bytes]) => bytes);
const specialBytes = [0, 1, 2, 0x7f, 0x80, 0xc0, 0xd8, 0xda, 0xfe, 0xff];
const lengths = [0, 1, 2, 7, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const markers = ['\xff\xd8', '\xff\xc0', '\xff\xe1', 'IDAT', 'tRNS', 'acTL', 'VP8X', 'ANMF', 'BM'];

const pick = <T>(roll: Roll, list: readonly T[]): T | undefined => list[roll(list.length)];

// Half of the damage is done to the headers.
const position = (roll: Roll, { length }: Buffer) =>
  roll(roll(2) === 0 ? Math.min(160, length + 1) : length + 1);

const piece = (roll: Roll) => {
  const from = pick(roll, originals) ?? Buffer.alloc(0);
  const start = position(roll, from);
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

/** The kinds of damage; each may be done several times. */
const damages: readonly Damage[] = [
  // A bit flips.
  (bytes, roll) => {
    const at = position(roll, bytes);
    return overwrite(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ (1 << roll(8))]));
  },
  // A byte becomes one with a special meaning, or any other.
  (bytes, roll) => {
    const value = roll(2) === 0 ? pick(roll, specialBytes) : roll(256);
    return overwrite(bytes, position(roll, bytes), Buffer.from([value ?? 0]));
  },
  // A number becomes an extreme one, wherever a length may be.
  (bytes, roll) => overwrite(bytes, position(roll, bytes), number(roll)),
  // The end is lost.
  (bytes, roll) => bytes.subarray(0, position(roll, bytes)),
  // A part is lost.
  (bytes, roll) => {
    const at = position(roll, bytes);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(64))]);
  },
  // A part is repeated.
  (bytes, roll) => {
    const at = position(roll, bytes);
    return insert(bytes, at, bytes.subarray(at, at + 1 + roll(200)));
  },
  // A part of another picture is inserted.
  (bytes, roll) => insert(bytes, position(roll, bytes), piece(roll)),
  // A run of one byte is inserted.
  (bytes, roll) =>
    insert(bytes, position(roll, bytes), Buffer.alloc(1 + roll(600), pick(roll, specialBytes))),
  // The beginning of a segment or a chunk is written where none begins.
  (bytes, roll) =>
    overwrite(bytes, position(roll, bytes), Buffer.from(pick(roll, markers) ?? '', 'latin1')),
];

/** A picture of the corpus with some damage. */
export function mutant(roll: Roll): Buffer {
  let bytes: Buffer = Buffer.from((pick(roll, originals) ?? Buffer.alloc(0)).subarray(0, maxBytes));
  for (let left = 1 + roll(5); left > 0; left -= 1) {
    bytes = pick(roll, damages)?.(bytes, roll) ?? bytes;
  }
  return bytes;
}
