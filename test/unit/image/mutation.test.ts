import { expect, test } from 'vitest';
import { readHeader } from '../../../functions/image/header.ts';
import { corpus } from './corpus.ts';

// mulberry32: small, seeded, so that a failure can be had again.
const dice = (seed: number) => {
  let state = seed;
  return (sides: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
};

const favourites = [0, 1, 2, 0x7f, 0x80, 0xc0, 0xd8, 0xda, 0xfe, 0xff];
const originals = corpus.map(([, bytes]) => bytes.subarray(0, 70_000));

const damage = (original: Buffer, roll: (sides: number) => number): Buffer => {
  const bytes = Buffer.from(original.subarray(0, roll(8) === 0 ? roll(original.length) : 2000));
  for (let changes = 1 + roll(6); changes > 0; changes -= 1) {
    const value = roll(2) === 0 ? favourites[roll(favourites.length)] : roll(256);
    if (bytes.length > 0) bytes[roll(Math.min(bytes.length, 160))] = value ?? 0;
  }
  return bytes;
};

test('20,000 damaged pictures neither throw nor hang, and whoever asks for more moves on', () => {
  const roll = dice(20_261_122);
  const begun = performance.now();
  for (let round = 0; round < 20_000; round += 1) {
    const original = originals[roll(originals.length)] ?? Buffer.alloc(0);
    const bytes = damage(original, roll);
    const size = roll(2) === 0 ? bytes.length : original.length + roll(2 ** 31);

    const reading = readHeader(bytes, size);

    const { need, width, height } = { need: size, width: 1, height: 1, ...reading };
    expect(need > bytes.length || !('need' in reading)).toBe(true);
    expect(need).toBeLessThanOrEqual(size);
    expect(Math.min(width, height)).toBeGreaterThan(0);
  }

  expect(performance.now() - begun).toBeLessThan(5000);
});

test('a megabyte of the slowest bytes is walked in one go', () => {
  const begun = performance.now();
  for (const pair of [
    [0xff, 0x00],
    [0xff, 0x01],
    [0xff, 0xff],
    [0x00, 0x00],
  ]) {
    const bytes = Buffer.alloc(1 << 20, Buffer.from(pair));
    bytes.set([0xff, 0xd8, 0xff, 0x01]);

    expect(readHeader(bytes, bytes.length)).toHaveProperty('reason');
  }

  expect(performance.now() - begun).toBeLessThan(2000);
});
