import { decodePicture, fetchFile } from './fetch-picture.ts';
import type { ImageRequest } from './image-request.ts';
import { type Canvas, type Edit, edit } from './images/edit.ts';
import type { Picture } from './images/picture.ts';
import { hashText } from './images/random.ts';

const defaultPixels = 1280 * 1280;

/**
 * Generates the PNGs of requests, one request at a time: two at once would make the machine unusable.
 * @param editImage makes one image; tests that do not check the image pass a quicker function
 */
export function imageGenerator(editImage: Edit = edit) {
  let last: Promise<unknown> = Promise.resolve();

  /**
   * All images of a request. The same request always gives the same images.
   * @throws {ProviderError} when an input image cannot be fetched or used
   */
  return async (request: ImageRequest): Promise<readonly Buffer[]> => {
    // Only files wait for their turn: decoded, each picture would take up to 75 MB.
    const files = await Promise.all(request.images.map(fetchFile));
    const generated = last.then(() => generateAll(files, request, editImage));
    last = generated.catch(() => undefined);
    return generated;
  };
}

async function generateAll(
  files: readonly Buffer[],
  request: ImageRequest,
  editImage: Edit,
): Promise<readonly Buffer[]> {
  const [first, ...others] = await Promise.all(files.map(decodePicture));
  if (!first) return [];
  const pictures = [first, ...others] as const;
  const { prompt, n, isWatermarked } = request;
  const canvas = request.canvas ?? canvasLike(pictures.at(-1) ?? first);
  const firstSeed = request.seed ?? hashText(prompt);
  const generated: Buffer[] = [];
  for (let index = 0; index < n; index += 1) {
    const variant = { prompt, seed: firstSeed + index };
    generated.push(await editImage(pictures, canvas, variant, { isWatermarked }));
  }
  return generated;
}

/** The aspect ratio of the last input, with the vendor's 1280*1280 pixels and between 1:4 and 4:1. */
function canvasLike({ width, height }: Picture): Canvas {
  const ratio = Math.min(4, Math.max(1 / 4, width / height));
  return {
    width: Math.floor(Math.sqrt(defaultPixels * ratio)),
    height: Math.floor(Math.sqrt(defaultPixels / ratio)),
  };
}
