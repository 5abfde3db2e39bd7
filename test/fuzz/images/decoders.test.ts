import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { readImage } from '../../../functions/domain/images/read-image.ts';
import { chunk, fileOf } from '../../support/pictures.ts';
import { askPillow, reasonToSkip, type Seen } from '../../support/pillow.ts';
import { corpus } from '../../unit/domain/images/corpus.ts';
import { dice } from './mutations.ts';
import { joinPng, reassembled, type Sample, splitPng, structuralMutant } from './parts.ts';

// Compares how decoders and our reader read damaged pictures. Our reader may reject more, but it must never miss a size,
// transparency or frames that a decoder shows.

const seed = 20_261_130;
const rounds = 3000;

const plain = (width: number, height: number, channels: 3 | 4) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } });
const film = (channels: 3 | 4) =>
  sharp({
    create: {
      width: 40,
      height: 90,
      pageHeight: 30,
      channels,
      background: { r: 255, g: 0, b: 0, alpha: 0.5 },
    },
  }).composite([
    {
      input: { create: { width: 40, height: 30, channels: 3, background: 'blue' } },
      top: 30,
      left: 0,
    },
  ]);

const encoders: readonly (readonly [Sample['format'], (image: Sharp) => Sharp])[] = [
  ['jpeg', (image) => image.jpeg()],
  ['jpeg', (image) => image.jpeg({ progressive: true })],
  ['jpeg', (image) => image.toColourspace('b-w').jpeg()],
  ['jpeg', (image) => image.withMetadata({ orientation: 6 }).jpeg()],
  ['png', (image) => image.png()],
  ['png', (image) => image.png({ palette: true })],
  ['png', (image) => image.toColourspace('b-w').png()],
  ['png', (image) => image.toColourspace('rgb16').png({ progressive: true })],
  ['webp', (image) => image.webp()],
  ['webp', (image) => image.webp({ lossless: true })],
  ['webp', (image) => image.webp().withExif({ IFD0: { Artist: 'a' } })],
];

async function makeSamples(): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const [format, encode] of encoders) {
    for (const channels of [3, 4] as const) {
      for (const [width, height] of [
        [40, 30],
        [65, 17],
      ] as const) {
        samples.push({ format, bytes: await encode(plain(width, height, channels)).toBuffer() });
      }
    }
  }
  for (const channels of [3, 4] as const) {
    samples.push({ format: 'webp', bytes: await film(channels).webp().toBuffer() });
    samples.push({
      format: 'webp',
      bytes: await film(channels).webp({ lossless: true }).toBuffer(),
    });
  }
  const still = await plain(40, 30, 3).png().toBuffer();
  samples.push({ format: 'png', bytes: animatedPng(still, 40, 30) });
  return samples;
}

/** The same frame twice. sharp makes none. */
function animatedPng(still: Buffer, width: number, height: number): Buffer {
  const chunks = splitPng(still);
  const pixels = Buffer.concat(
    chunks
      .filter((one) => one.toString('latin1', 4, 8) === 'IDAT')
      .map((one) => one.subarray(8, -4)),
  );
  const [header = Buffer.alloc(0)] = chunks;
  const control = (sequence: number) => {
    const bytes = Buffer.alloc(26);
    for (const [index, value] of [sequence, width, height].entries()) {
      bytes.writeUInt32BE(value, 4 * index);
    }
    bytes.writeUInt16BE(1, 20);
    bytes.writeUInt16BE(10, 22);
    return chunk('fcTL', bytes);
  };
  return joinPng([
    header,
    chunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])),
    control(0),
    chunk('IDAT', pixels),
    control(1),
    chunk('fdAT', Buffer.concat([Buffer.from([0, 0, 0, 2]), pixels])),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

async function askSharp(bytes: Buffer): Promise<Seen | null> {
  try {
    const { format, width, height, hasAlpha = false, pages = 1 } = await sharp(bytes).metadata();
    await sharp(bytes, { failOn: 'none' }).raw().toBuffer();
    return { format, width, height, alpha: hasAlpha, animated: pages > 1 };
  } catch {
    return null;
  }
}

/** What a decoder shows and our reader has missed; empty when the decoder shows nothing. */
function unseen(bytes: Buffer, seen: Seen | null | undefined): readonly string[] {
  const read = readImage(fileOf(bytes));
  if (!seen || 'reason' in read) return [];
  const size = `${read.width}×${read.height}`;
  const shown = `${seen.width}×${seen.height}`;
  return [
    ...(size === shown ? [] : [`${shown} instead of ${size}`]),
    ...(seen.alpha && !read.alpha ? ['alpha'] : []),
    ...(seen.animated && !read.animated ? ['animation'] : []),
  ];
}

/** The BMPs of the corpus; sharp writes none. */
const bmps: readonly Sample[] = corpus
  .filter(([, , { format }]) => format === 'bmp')
  .map(([, bytes]) => ({ format: 'bmp', bytes }));

const mutantsOf = (originals: readonly Sample[]): readonly Sample[] => {
  const roll = dice(seed);
  return Array.from({ length: rounds }, () => structuralMutant(originals, roll));
};

let samples: readonly Sample[] = [];
let mutants: readonly Sample[] = [];
beforeAll(async () => {
  samples = await makeSamples();
  mutants = mutantsOf(samples);
});

/** The pictures of which the decoder shows more than our reader has read, and how many pictures it shows at all. */
function compare(pictures: readonly Sample[], shown: readonly (Seen | null)[]) {
  const differences = pictures.flatMap(({ format, bytes }, index) => {
    const missed = unseen(bytes, shown[index]);
    return missed.length === 0 ? [] : [`${format} ${index}: ${missed.join(', ')}`];
  });
  const both = pictures.filter(
    ({ bytes }, index) => shown[index] && 'format' in readImage(fileOf(bytes)),
  );
  return { differences, both: both.length };
}

const exactly = ({ bytes }: Sample) => {
  const read = readImage(fileOf(bytes));
  return 'format' in read ? read : undefined;
};

describe('sharp', () => {
  test('sees a sound picture exactly as we read it', async () => {
    expect(samples.length).toBeGreaterThan(40);
    // libvips shows only the first frame of an animated PNG.
    for (const sample of samples.slice(0, -1)) {
      expect(reassembled(sample).equals(sample.bytes)).toBe(true);
      expect(await askSharp(sample.bytes)).toEqual(exactly(sample));
    }
  });

  test('shows nothing of a picture taken apart that we have not read', async () => {
    const shown: (Seen | null)[] = [];
    for (const { bytes } of mutants) shown.push(await askSharp(bytes));

    const { differences, both } = compare(mutants, shown);

    expect(differences).toEqual([]);
    expect(both).toBeGreaterThan(rounds / 10);
  });

  test('reads no BMP, since it is built without a decoder for them, so BMP is compared only with Pillow', async () => {
    expect(bmps.length).toBeGreaterThan(15);
    for (const { bytes } of bmps) expect(await askSharp(bytes)).toBeNull();
  });
});

const reason = reasonToSkip();

describe.skipIf(reason)(reason ? `Pillow is skipped: ${reason}` : 'Pillow', () => {
  test('sees a sound picture exactly as we read it', async () => {
    const shown = await askPillow(samples.map(({ bytes }) => bytes));

    expect(shown).toEqual(samples.map(exactly));
  });

  test('shows nothing of a picture taken apart that we have not read', async () => {
    const { differences, both } = compare(
      mutants,
      await askPillow(mutants.map(({ bytes }) => bytes)),
    );

    expect(differences).toEqual([]);
    expect(both).toBeGreaterThan(rounds / 10);
  });

  test('sees a sound BMP exactly as we read it, but for two kinds that it cannot decode', async () => {
    const shown = await askPillow(bmps.map(({ bytes }) => bytes));
    const undecodable = corpus.filter(([name]) =>
      ['V4 BMP of 16 bits with alpha', 'BMP with alpha bit fields'].includes(name),
    );

    expect(shown).toEqual(
      bmps.map((sample) =>
        undecodable.some(([, bytes]) => bytes === sample.bytes) ? null : exactly(sample),
      ),
    );
  });

  test('shows nothing of a BMP taken apart that we have not read', async () => {
    const damaged = mutantsOf(bmps);

    const { differences, both } = compare(
      damaged,
      await askPillow(damaged.map(({ bytes }) => bytes)),
    );

    expect(bmps.every((bmp) => reassembled(bmp).equals(bmp.bytes))).toBe(true);
    expect(differences).toEqual([]);
    expect(both).toBeGreaterThan(rounds / 10);
  });
});
