import sharp from 'sharp';
import { decodeSeconds } from '../../domain/model/task.ts';
import { DecoderTimeout } from '../../domain/tasks/thumbnails.ts';

// The one place where pictures are decoded. infra/decoder.ts puts a decoder in WebAssembly in the place of the native one,
// so that a fault in it, triggered by a caller's picture, cannot leave the memory of the decoder.

/** The longest side of a thumbnail, in pixels: what a card of the console has on a screen with two pixels a point. */
const maxThumbnailSide = 320;

/** The most pixels of a picture that gets a thumbnail, a little above what any model takes or makes. */
const maxSourcePixels = 25_000_000;

// Every format that is not named here is refused: SVG, AVIF, TIFF, GIF and the rest.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});
// Pictures come one at a time, and each of them once.
sharp.cache(false);
sharp.concurrency(1);

/**
 * A small JPEG of a picture, upright, on white where the picture is transparent, and without its metadata.
 * @throws {DecoderTimeout} when the decoder takes too long
 * @throws {Error} when the picture is damaged, too large, or neither JPEG, PNG nor WebP
 */
export const shrink = async (picture: Uint8Array): Promise<Uint8Array> =>
  sharp(picture, { limitInputPixels: maxSourcePixels, failOn: 'error', sequentialRead: true })
    .rotate()
    .resize({
      width: maxThumbnailSide,
      height: maxThumbnailSide,
      fit: 'inside',
      withoutEnlargement: true,
    })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 75 })
    .timeout({ seconds: decodeSeconds })
    .toBuffer()
    .catch((cause: unknown) => {
      // Only the text of sharp's error shows that it is a timeout.
      const isTimeout = cause instanceof Error && cause.message.startsWith('timeout:');
      throw isTimeout ? new DecoderTimeout(cause.message, { cause }) : cause;
    });
