import { imageGenerator } from '../local/providers/generate-images.ts';
import type { GenerateImages } from '../local/providers/jobs.ts';

/**
 * Generates the images of the first request only, and returns them for all: the benchmark does not measure generating.
 */
export function generateOnce(): GenerateImages {
  const generate = imageGenerator();
  let images: ReturnType<GenerateImages> | undefined;
  return (request) => {
    images ??= generate(request);
    return images;
  };
}
