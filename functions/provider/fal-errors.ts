import { errorTable } from './error-table.ts';
import { reasons } from './reasons.ts';

/** Types of model errors and of request errors. What fal has not listed is its 422 for a wrong input. */
export const { refusalOf } = errorTable([
  {
    codes: ['bad_request', 'feature_not_supported', '400', '422'],
    verdict: 'refused',
    failure: reasons.rejected,
  },
  { codes: ['413'], verdict: 'refused', failure: reasons.tooLarge },
  {
    codes: [
      'image_too_small',
      'image_too_large',
      'image_load_error',
      'unsupported_image_format',
      'file_too_large',
      'face_detection_error',
    ],
    verdict: 'refused',
    failure: reasons.badPicture,
  },
  {
    // The links are ours and the pictures were checked: the trouble lies on the way, and passes.
    codes: ['file_download_error'],
    verdict: 'busy',
    failure: reasons.unloadedPicture,
  },
  { codes: ['content_policy_violation'], verdict: 'refused', failure: reasons.policy },
  { codes: ['no_media_generated'], verdict: 'refused', failure: reasons.empty },
  { codes: ['client_cancelled'], verdict: 'refused', failure: reasons.cancelled },
  { codes: ['401'], verdict: 'operator', failure: reasons.ours },
  { codes: ['402'], verdict: 'operator', failure: reasons.quota },
  // Also an account without money: 403, "User is locked".
  { codes: ['403', '404'], verdict: 'operator', failure: reasons.noAccess },
  { codes: ['4xx'], verdict: 'refused', failure: reasons.ours },
  { codes: ['429'], verdict: 'busy', failure: reasons.atCapacity },
  {
    codes: ['generation_timeout', 'request_timeout', 'startup_timeout', '408', '504'],
    verdict: 'unclear',
    failure: reasons.tooSlow,
  },
  {
    // The queue tries these again by itself: for a submit they do not say that nothing was queued.
    codes: [
      'runner_scheduling_failure',
      'runner_connection_timeout',
      'runner_disconnected',
      'runner_connection_refused',
      'runner_connection_error',
      'downstream_service_unavailable',
      '503',
    ],
    verdict: 'unclear',
    failure: reasons.unavailable,
  },
  {
    codes: [
      'runner_incomplete_response',
      'runner_server_error',
      'downstream_service_error',
      'internal_server_error',
      'internal_error',
      'client_disconnected',
      '499',
      '500',
      '502',
    ],
    verdict: 'unclear',
    failure: reasons.crashed,
  },
]);
