import { failures } from '../model/failures.ts';
import { type GeneratedImage, maxSignedUrlLength } from '../model/task.ts';

/**
 * What a provider says that it has generated, as far as a task of `n` images has room for it: never more than
 * `n`, images before failures, each in its order. What is too long to be a URL is an image that cannot be fetched.
 */
export function limitImages(
  n: number,
  generated: readonly GeneratedImage[],
): readonly GeneratedImage[] {
  if (generated.length <= n && !generated.some(isTooLong)) return generated;
  const images = generated.filter((one) => !('code' in one)).slice(0, n);
  const failed = generated.filter((one) => 'code' in one).slice(0, n - images.length);
  return [...images, ...failed].map((one) => (isTooLong(one) ? failures.resultUnavailable : one));
}

const isTooLong = (one: GeneratedImage): boolean =>
  'url' in one && one.url.length > maxSignedUrlLength;
