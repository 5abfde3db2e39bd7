import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyDecoder, decoderPlugin } from '../../../../infra/decoder.ts';
import { png } from '../../../support/pictures.ts';

// The decoder as it is deployed, in a thread of its own: this one has sharp's native build, which makes the pictures.

// Inside the checkout, which has a native build in a folder above.
mkdirSync('.local/test', { recursive: true });
const directory = mkdtempSync(resolve('.local/test/decoder-'));
let worker: Worker;
/** What must stay out of the decoder's memory. */
const mark = 'a secret of the environment';

beforeAll(async () => {
  await copyDecoder(directory);
  await build({
    stdin: {
      contents: `
        import { parentPort } from 'node:worker_threads';
        import { shrink } from './functions/adapters/decoder/shrink.ts';
        parentPort.on('message', ({ id, picture, find }) => {
          if (find) return parentPort.postMessage({ id, found: inMemory(find), env: process.env.MARK });
          shrink(picture).then(
            (bytes) => parentPort.postMessage({ id, bytes }),
            (error) => parentPort.postMessage({ id, error: error.message }),
          );
        });
        parentPort.postMessage({ loaded: Object.keys(require.cache) });`,
      resolveDir: process.cwd(),
    },
    outfile: join(directory, 'index.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    plugins: [decoderPlugin],
    // Runs before anything is loaded, and records every memory that WebAssembly gets.
    banner: {
      js: `
        const memories = [];
        const { Memory } = WebAssembly;
        WebAssembly.Memory = class extends Memory {
          constructor(descriptor) {
            super(descriptor);
            memories.push(this);
          }
        };
        const inMemory = (text) => memories.map(({ buffer }) => Buffer.from(buffer).indexOf(text));`,
    },
    logLevel: 'warning',
  });
  worker = new Worker(join(directory, 'index.cjs'), { env: { MARK: mark } });
}, 60_000);
afterAll(async () => {
  await worker?.terminate();
  rmSync(directory, { recursive: true });
});

type Answer = {
  id: number;
  bytes?: Uint8Array;
  error?: string;
  found?: number[];
  env?: string;
};
let lastId = 0;

const shrink = (picture: Uint8Array) => ask({ picture });

function ask(question: object): Promise<Answer> {
  lastId += 1;
  const id = lastId;
  return new Promise((answer, reject) => {
    const onMessage = (message: Answer) => {
      if (message.id !== id) return;
      worker.off('message', onMessage);
      worker.off('error', reject);
      answer(message);
    };
    worker.on('message', onMessage);
    worker.once('error', reject);
    worker.postMessage({ ...question, id });
  });
}

async function thumbnailOf(picture: Sharp | Uint8Array) {
  const bytes = picture instanceof Uint8Array ? picture : await picture.toBuffer();
  const answer = await shrink(bytes);
  expect(answer.error).toBeUndefined();
  const thumbnail = sharp(answer.bytes);
  const { format, width, height, exif } = await thumbnail.metadata();
  const { data } = await thumbnail.raw().toBuffer({ resolveWithObject: true });
  return { format, size: [width, height], exif, firstPixel: [...data.subarray(0, 3)] };
}

const plain = (width: number, height: number, background = '#204080') =>
  sharp({ create: { width, height, channels: 3, background } });

describe('a thumbnail', () => {
  test.each(['png', 'jpeg', 'webp'] as const)(
    'of a %s is a JPEG of at most 320 pixels',
    async (format) => {
      const thumbnail = await thumbnailOf(plain(1280, 640).toFormat(format));

      expect(thumbnail).toMatchObject({ format: 'jpeg', size: [320, 160] });
    },
  );

  test('of a smaller picture is not larger than the picture', async () => {
    expect(await thumbnailOf(plain(40, 30).png())).toMatchObject({ size: [40, 30] });
  });

  test('is upright as the camera was held, and has no metadata', async () => {
    const turned = plain(800, 400).withMetadata({ orientation: 6 }).jpeg();

    const { size, exif } = await thumbnailOf(turned);

    expect(size).toEqual([160, 320]);
    expect(exif).toBeUndefined();
  });

  test('is white where the picture is transparent', async () => {
    const transparent = sharp({
      create: { width: 400, height: 400, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });

    expect(await thumbnailOf(transparent.png())).toMatchObject({ firstPixel: [255, 255, 255] });
  });
});

describe('there is no thumbnail', () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  const cut = async (picture: Sharp) => {
    const bytes = await picture.toBuffer();
    return bytes.subarray(0, bytes.length / 2);
  };
  // Of noise, which cannot be stored in a few bytes.
  const noise = () => {
    const bytes = Buffer.from(Array.from({ length: 3 * 300 * 300 }, (_, i) => (i * i * 31) % 251));
    return sharp(bytes, { raw: { width: 300, height: 300, channels: 3 } });
  };

  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['an SVG', () => svg],
    ['an AVIF', () => plain(64, 64).avif().toBuffer()],
    ['a TIFF', () => plain(64, 64).tiff().toBuffer()],
    ['a GIF', () => plain(64, 64).gif().toBuffer()],
    ['a PNG that breaks off', () => cut(noise().png())],
    ['a JPEG that breaks off', () => cut(noise().jpeg())],
    ['a WebP that breaks off', () => cut(noise().webp())],
    ['a PNG that claims 60,000 times 60,000 pixels', () => png(60_000, 60_000)],
    ['a picture of more than 25 million pixels', () => plain(5001, 5000).png().toBuffer()],
    ['a text', () => Buffer.from('no picture')],
    ['nothing', () => Buffer.alloc(0)],
  ])('of %s, and the next picture gets one', async (_, make) => {
    const { bytes, error } = await shrink(await make());

    expect(bytes).toBeUndefined();
    expect(error).toEqual(expect.any(String));
    expect(await thumbnailOf(plain(64, 64).png())).toMatchObject({ format: 'jpeg' });
  });
});

test('no native code is loaded to decode, although the checkout has some', async () => {
  const loaded = await new Promise<{ loaded: readonly string[] }>((resolve, reject) => {
    const fresh = new Worker(join(directory, 'index.cjs'));
    fresh.once('message', (message) => void fresh.terminate().then(() => resolve(message)));
    fresh.once('error', reject);
  });

  expect(loaded.loaded.filter((file) => file.endsWith('.node'))).toEqual([]);
  expect(loaded.loaded).toEqual(
    expect.arrayContaining([expect.stringContaining(join(directory, 'sharp-wasm32'))]),
  );
  expect(readFileSync(join(directory, 'sharp-wasm32/LICENSE'), 'utf8')).toContain('Apache');
});

test('the environment, which has credentials on AWS, is not in the memory of the decoder', async () => {
  await thumbnailOf(plain(64, 64).png());

  const { found, env } = await ask({ find: mark });

  // There is one memory, and the process still has its environment.
  expect({ found, env }).toEqual({ found: [-1], env: mark });
});
