import { canaryDeadlineMs } from '../functions/domain/model/canary.ts';
import { maxIdlePauseMs } from '../functions/domain/model/capacity.ts';
import {
  gatewayMs,
  resultDownloadMs,
  storageRequestMs,
  webhookKeysMs,
} from '../functions/domain/model/deadlines.ts';
import { providerDeadlineMs } from '../functions/domain/model/provider.ts';
import {
  attemptTimeoutMs,
  decodeSeconds,
  deletePicturesSeconds,
  pictureDownloadMs,
  waitTimeoutSeconds,
} from '../functions/domain/model/task.ts';
import type { Entry } from '../functions/runtime/env.ts';

/** How long what the functions wait for may take, in milliseconds. */
export const deadlines = {
  attemptTimeoutMs,
  canaryDeadlineMs,
  decodeMs: decodeSeconds * 1000,
  deletePicturesMs: deletePicturesSeconds * 1000,
  gatewayMs,
  maxIdlePauseMs,
  pictureDownloadMs,
  providerDeadlineMs,
  resultDownloadMs,
  storageRequestMs,
  webhookKeysMs,
};
export type Deadlines = Readonly<Record<keyof typeof deadlines, number>>;

/**
 * How long the functions may run that wait for something outside, in seconds: for as long as that may take, and an
 * allowance for the rest of their work. All others have the default of `Lambda`, or a number of their own.
 */
export function timeoutsOf(given: Deadlines) {
  const seconds = (name: keyof Deadlines) => given[name] / 1000;
  const settle = seconds('resultDownloadMs') + seconds('storageRequestMs') + 30; // all images at the same time
  const notify = seconds('attemptTimeoutMs') + 5;
  const poll = 2 * seconds('providerDeadlineMs'); // when a job is done, the images take a second request
  return {
    'api/delete-task': seconds('deletePicturesMs') + 5, // longer than the function that it waits for
    'api/list-providers': seconds('providerDeadlineMs') + 5,
    'api/provider-webhook': seconds('webhookKeysMs') + 5,
    'api/test-webhook': seconds('attemptTimeoutMs') + 5,
    'api/upload-file': seconds('pictureDownloadMs') + 9, // it stores the file as well
    'api/wait-for-task': waitTimeoutSeconds,
    'workflow/await-slot': seconds('maxIdlePauseMs') + 10,
    'workflow/notify-caller': notify,
    // The last poll of a task also settles it and notifies the caller. Each part may take as long as in its own function.
    'workflow/poll-task': poll + settle + notify,
    'workflow/prepare-inputs': seconds('pictureDownloadMs') + seconds('storageRequestMs') + 10,
    'workflow/settle-task': settle,
    'workflow/submit-task': seconds('providerDeadlineMs') + 20, // it waits for its turn, and stores the ticket
    'events/canary': seconds('canaryDeadlineMs') + seconds('gatewayMs') + 10, // at its deadline a request is under way
    'events/delete-pictures': seconds('deletePicturesMs'),
    'events/make-thumbnail': seconds('decodeMs') + 5,
  } as const satisfies Partial<Record<Entry, number>>;
}

export const timeouts = timeoutsOf(deadlines);
