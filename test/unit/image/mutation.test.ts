import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { readBmp } from '../../../functions/image/bmp.ts';
import { readHeader } from '../../../functions/image/header.ts';
import { inspect } from '../../../functions/image/inspect.ts';
import { readJpeg } from '../../../functions/image/jpeg.ts';
import { readPng } from '../../../functions/image/png.ts';
import type { Reading, Start } from '../../../functions/image/reading.ts';
import { readWebp } from '../../../functions/image/webp.ts';
import { counting, limits } from './counting.ts';
import { dice, mutant, type Roll } from './mutations.ts';

const MB = 1 << 20;
const seed = 20_261_122;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
// The least of some looks: what the engine itself is about meanwhile is not held.
const held = () =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    }),
  );

// What hangs would hang for ever: nothing outside can end it. So it has a minute, and takes a second.
const untilItHangs = (run: () => void) => runInNewContext('run()', { run }, { timeout: 55_000 });

const isSound = (reading: Reading, seen: number, size: number) => {
  if ('need' in reading) return reading.need > seen && reading.need <= size;
  return 'reason' in reading || Math.min(reading.width, reading.height) > 0;
};

function readOne(roll: Roll) {
  const bytes = mutant(roll);
  const size = roll(2) === 0 ? bytes.length : bytes.length + roll(2 ** 31);
  const reading = readHeader(bytes, size);
  const kind = 'need' in reading ? 'need' : 'reason' in reading ? 'reason' : 'format';
  return { reading, kind, sound: isSound(reading, bytes.length, size) } as const;
}

test('200,000 damaged pictures are read, refused or asked more of, and leave nothing behind', () => {
  const roll = dice(seed);
  const kinds = { need: 0, reason: 0, format: 0 };
  for (let round = 0; round < 10_000; round += 1) readOne(roll); // until everything is loaded and compiled
  const before = held();
  untilItHangs(() => {
    for (let round = 0; round < 200_000; round += 1) {
      const { reading, kind, sound } = readOne(roll);

      if (!sound) expect({ round, reading }).toBe('sound');
      kinds[kind] += 1;
    }
  });

  expect(held() - before).toBeLessThan(8 * MB);
  // Otherwise the dice would only make rubbish, or nothing but pictures.
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(10_000);
});

test('reading a header copies nothing, however long it says that its parts are', () => {
  const roll = dice(seed + 1);
  const pictures = Array.from({ length: 5000 }, () => mutant(roll));
  const { arrayBuffers: before } = process.memoryUsage();

  for (const bytes of pictures) readHeader(bytes, 2 ** 31);

  expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(before);
});

// The walk with the most steps looks four times at a byte: at its place, at its successor's, at two lengths.
const mostLooks = ({ length }: Buffer) => 4 * length + 64;

// Bytes that count the looks at them: work is counted, since time depends on the machine.
function watched(bytes: Buffer): Start {
  let looks = 0;
  const counted = new Proxy(bytes, {
    get(target, key) {
      looks += 1;
      if (looks > mostLooks(bytes)) throw new Error(`more than ${looks - 1} looks`);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { size: bytes.length, bytes: counted };
}

const readers = [
  ['JPEG', readJpeg],
  ['PNG', readPng],
  ['WebP', readWebp],
  ['BMP', readBmp],
] as const;

test.each(readers)('the %s reader looks at no damaged byte again and again', (_format, read) => {
  const roll = dice(seed + 2);
  for (let round = 0; round < 1000; round += 1) {
    const start = watched(mutant(roll));

    expect(() => read(start), `round ${round}`).not.toThrow();
  }
});

const slow = [
  [0xff, 0x00],
  [0xff, 0x01],
  [0xff, 0xff],
  [0x00, 0x00],
  [0xff, 0xe0, 0x00, 0x02],
  [0x00, 0x00, 0x00, 0x00, 0x49, 0x54, 0x58, 0x74, 0x00, 0x00, 0x00, 0x00],
];
const pngStart = Buffer.from(
  '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x02\0\x08\x02\0\0\0CRC!',
  'latin1',
);

test.each(slow.map((pattern) => [Buffer.from(pattern).toString('hex'), pattern] as const))(
  '128 kB of %s are walked once, by whichever reader',
  (_hex, pattern) => {
    for (const [, read] of readers) {
      const filler = Buffer.alloc(MB / 8, Buffer.from(pattern));
      const bytes = Buffer.concat([read === readPng ? pngStart : Buffer.alloc(0), filler]);

      expect(read(watched(bytes))).toHaveProperty('reason');
    }
  },
);

test('whatever a damaged picture says, three reads and a megabyte are the most', async () => {
  const roll = dice(seed + 3);
  let thrice = 0;
  for (let round = 0; round < 8000; round += 1) {
    // Now and then its header points into a file that is large indeed.
    const file = counting(mutant(roll), roll(20) === 0 ? limits.maxBytes : 0);

    await inspect(file.read, limits);

    if (file.reads.length === 3) thrice += 1;
    if (!file.isModest()) expect({ round, reads: file.reads }).toBe('modest');
  }

  expect(thrice).toBeGreaterThan(10);
});
