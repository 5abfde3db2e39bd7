import { internalSentence } from './problem.ts';
import type { Failure } from './task.ts';

// Every sentence with which the domain itself fails a task or an image of it. Callers read them, so they
// say what happened and what to do. The sentences of a provider's errors are in
// `domain/providers/reasons.ts`.

/**
 * A failed task never costs anything, and most sentences here say so. Some do not: the one about an input and those of a
 * provider's errors say what to change, and beside a single missing image others may have been charged.
 */
const notCharged = (what: string, advice?: string): string =>
  advice === undefined ? `${what} Nothing was charged.` : `${what} Nothing was charged; ${advice}.`;

export const failures = {
  cancelled: {
    code: 'request_cancelled',
    message: notCharged('The task was cancelled.'),
  },
  /** The task is past its deadline, before or after a provider accepted its job. */
  pastDeadline: {
    code: 'generation_timeout',
    message: notCharged('The task took too long.', 'send the task again'),
  },
  providerBusy: {
    code: 'resource_exhausted',
    message: notCharged('The provider has no capacity now.', 'send the task again later'),
  },
  noProvider: {
    code: 'service_unavailable',
    message: notCharged(
      'This model is not available here: no provider that offers it has an API key yet.',
    ),
  },
  /** The key of a provider was removed after the provider had been chosen for a task. */
  noProviderKey: {
    code: 'service_unavailable',
    message: notCharged('This model is not available here: its provider has no API key yet.'),
  },
  /** It is unknown whether the provider accepted the job, so the submit is not retried. */
  submitUnknown: {
    code: 'service_error',
    message: notCharged('The provider did not say whether it took the job.', 'send the task again'),
  },
  noImage: {
    code: 'generation_failed_no_content',
    message: notCharged('The model made no image.', 'try another prompt'),
  },
  internal: {
    code: 'service_error',
    message: notCharged(internalSentence, 'send the task again'),
  },
  /** Used when the error itself does not say which picture it was. */
  inputUnavailable: {
    code: 'image_processing_error',
    message: 'An input image could not be fetched.',
  },
  /** The prompt of a test task asked for a failure. */
  inSandbox: {
    code: 'unknown_error',
    message: notCharged('The sandbox failed, as the prompt asked.'),
  },
  /** The prompt of a test task asked for fewer images. */
  leftOutInSandbox: {
    code: 'generation_failed_no_content',
    message: 'The sandbox made no image here, as the prompt asked.',
  },
  /** Only this image is missing: the others may have been made and charged. */
  resultUnavailable: {
    code: 'service_error',
    message: 'The image was made and could not be fetched from the provider.',
  },
} as const satisfies Record<string, Failure>;
