import { expect, test } from 'vitest';
import { readHeader } from '../../../functions/image/header.ts';
import { png } from '../../support/pictures.ts';
import { corpus } from './corpus.ts';
import { damaged, foreign } from './refused.ts';

const whole = (bytes: Uint8Array) => readHeader(bytes, bytes.length);
test.each(corpus)('%s tells its size, its alpha and its animation', (_name, bytes, header) => {
  expect(whole(bytes)).toEqual(header);
});

test('bytes in the middle of a larger buffer are read where they are', () => {
  const buffer = Buffer.concat([Buffer.alloc(33, 0xff), png(700, 500)]);

  expect(
    whole(new Uint8Array(buffer.buffer, buffer.byteOffset + 33, buffer.length - 33)),
  ).toMatchObject({
    width: 700,
  });
});

test.each(foreign)('what is %s is named as that', (reason, bytes) => {
  expect(whole(bytes)).toEqual({ reason });
});

test.each(damaged)('%s is unreadable', (_name, bytes, why) => {
  expect(whole(bytes)).toEqual({ reason: expect.stringContaining(why) });
});

test.each(corpus)(
  '%s cut off anywhere is read alike or refused, and asks for nothing',
  (_name, bytes, header) => {
    for (let size = 0; size < Math.min(bytes.length, 2000); size += 1) {
      const reading = readHeader(bytes.subarray(0, size), size);

      if (!('reason' in reading)) expect(reading).toEqual(header);
    }
  },
);

test.each(corpus)('%s seen only in part asks for more until it is read', (_name, bytes, header) => {
  for (let seen = 0; seen < Math.min(bytes.length, 2000); seen += 1) {
    let reading = readHeader(bytes.subarray(0, seen), bytes.length);
    let length = seen;
    while ('need' in reading) {
      expect(reading.need).toBeGreaterThan(length);
      expect(reading.need).toBeLessThanOrEqual(bytes.length);
      length = reading.need;
      reading = readHeader(bytes.subarray(0, length), bytes.length);
    }

    expect(reading).toEqual(header);
  }
});
