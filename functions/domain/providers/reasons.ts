import { internalSentence } from '../model/problem.ts';
import type { Progress } from '../model/provider.ts';
import type { Failure, GeneratedImage } from '../model/task.ts';

/**
 * What a caller reads about a job or an image that failed: what happened and what to do. The sentences are
 * the same for every provider, and say nothing about our account.
 */
export const reasons = {
  rejected: {
    code: 'invalid_parameters',
    message:
      'The model did not accept the request. Check the prompt and the options and try again.',
  },
  tooLarge: {
    code: 'invalid_parameters',
    message: 'The request is too large for the model. Use smaller pictures and try again.',
  },
  badPicture: {
    code: 'image_processing_error',
    message: 'The model cannot use an input picture. Check its format and size and try again.',
  },
  unloadedPicture: {
    code: 'image_processing_error',
    message: 'The model could not load an input picture. Try again.',
  },
  wrongSize: {
    code: 'image_dimension_mismatch',
    message: 'The size of an input picture does not fit the request. Resize it and try again.',
  },
  policy: {
    code: 'content_policy_violation',
    message: 'The content check refused the prompt or a picture. Change it and try again.',
  },
  quota: {
    code: 'quota_exceeded',
    message: 'The service has used up its quota for this model. Try again later.',
  },
  quotaForNow: {
    code: 'quota_exceeded',
    message: 'The service has used up its quota for the moment. Try again in a few minutes.',
  },
  noAccess: {
    code: 'service_unavailable',
    message: 'The model is not available at the moment. Try again later.',
  },
  unavailable: {
    code: 'service_unavailable',
    message: 'The model is not available at the moment. Try again in a few minutes.',
  },
  atCapacity: {
    code: 'resource_exhausted',
    message: 'The model is at capacity. Try again in a few minutes.',
  },
  internal: {
    code: 'service_error',
    message: `${internalSentence} Try again later.`,
  },
  crashed: { code: 'service_error', message: 'The model failed. Try again.' },
  tooSlow: { code: 'generation_timeout', message: 'The model took too long. Try again.' },
  empty: {
    code: 'generation_failed_no_content',
    message: 'The model made no image. Try another prompt or picture.',
  },
  cancelled: {
    code: 'request_cancelled',
    message: 'The task was cancelled before it was done. Submit it again if it is still wanted.',
  },
  /** The job does not exist at the provider, or not any more. */
  jobLost: { code: 'unknown_error', message: 'The model lost the task. Try again.' },
  unknown: {
    code: 'unknown_error',
    message: 'The model failed without saying why. Try again.',
  },
} as const satisfies Record<string, Failure>;

export const failed = (failure: Failure): Progress => ({ state: 'failed', failure });

/** A job that has ended. Without a single image it has failed, for the reason of its first failed image. */
export function finished(images: readonly GeneratedImage[]): Progress {
  if (images.some((image) => 'url' in image)) return { state: 'succeeded', images };
  return failed(images.find((image) => 'code' in image) ?? reasons.empty);
}
