import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { HeaderResult } from '../../../functions/domain/images/header-result.ts';
import { readImage } from '../../../functions/domain/images/read-image.ts';
import { fileOf } from '../../support/pictures.ts';
import { dice, mutant } from './mutations.ts';

const MB = 1 << 20;
const windowBytes = 65_536;
const seed = 20_261_122;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
// The minimum of some measurements, so that memory which the engine itself allocates meanwhile does not count.
const memoryInUse = () =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    }),
  );

// A reader that hangs could not be ended from outside, so it has a time limit. Normally it takes some seconds.
const withTimeLimit = (run: () => void) => runInNewContext('run()', { run }, { timeout: 55_000 });

const isSound = (reading: HeaderResult) =>
  'reason' in reading ? reading.advice.length > 0 : Math.min(reading.width, reading.height) > 0;

test('200,000 damaged pictures are read or rejected, and leave nothing in memory', () => {
  const roll = dice(seed);
  const kinds = { reason: 0, format: 0 };
  const readOne = () => readImage(fileOf(mutant(roll)));
  for (let round = 0; round < 10_000; round += 1) readOne(); // until the engine has loaded and compiled everything
  const before = memoryInUse();
  withTimeLimit(() => {
    for (let round = 0; round < 200_000; round += 1) {
      const reading = readOne();

      if (!isSound(reading)) expect({ round, reading }).toBe('sound');
      kinds['reason' in reading ? 'reason' : 'format'] += 1;
    }
  });

  expect(memoryInUse() - before).toBeLessThan(4 * MB);
  // Otherwise the mutations would make only garbage, or only proper pictures.
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(10_000);
});

/** Reads a picture and counts the work, not the time, which depends on the machine. */
function costOf(bytes: Buffer) {
  const { size, read } = fileOf(bytes);
  const cost = { reads: 0, bytes: 0, longest: 0 };
  readImage({
    size,
    read: (from, count) => {
      cost.reads += 1;
      cost.bytes += count;
      cost.longest = Math.max(cost.longest, count);
      return read(from, count);
    },
  });
  return cost;
}

/** A chunk of a PNG is read for its head and for its checksum, so a window may be read again. */
const maxReads = (size: number) => 4 * Math.ceil(size / windowBytes) + 4;

test('a damaged picture is read in windows, and no byte more than a few times', () => {
  const roll = dice(seed + 2);
  for (let round = 0; round < 5000; round += 1) {
    const bytes = mutant(roll);
    const cost = costOf(bytes);

    if (cost.reads > maxReads(bytes.length) || cost.longest > windowBytes) {
      expect({ round, cost }).toBe('modest');
    }
  }
});

const riff = Buffer.from('RIFF\xf8\xff\x9f\0WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1');
const slow: readonly (readonly [what: string, start: Buffer, pattern: readonly number[]])[] = [
  ['data of a scan', Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 2]), [0xff, 0x00]],
  ['lone markers', Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 2]), [0xff, 0x01]],
  ['fill bytes', Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 2]), [0xff]],
  ['empty segments', Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 2]), [0xff, 0xe0, 0x00, 0x02]],
  [
    'empty chunks of a PNG',
    Buffer.from(
      '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x02\0\x08\x02\0\0\0\x7b\x1a\x43\xad',
      'latin1',
    ),
    [0, 0, 0, 0, 0x69, 0x54, 0x58, 0x74, 0, 0, 0, 0],
  ],
  ['empty chunks of a WebP', riff, [0x45, 0x58, 0x49, 0x46, 0, 0, 0, 0]],
];

test.each(slow)('10 MB of %s are walked through once', (_what, start, pattern) => {
  const bytes = Buffer.concat([start, Buffer.alloc(10 * MB - start.length, Buffer.from(pattern))]);
  withTimeLimit(() => {
    const { reads, longest } = costOf(bytes);

    expect(reads).toBeGreaterThan(1); // it was not rejected at its beginning
    expect(reads).toBeLessThanOrEqual(maxReads(bytes.length));
    expect(longest).toBeLessThanOrEqual(windowBytes);
  });
});
