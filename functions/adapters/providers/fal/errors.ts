import * as z from 'zod';
import { reasons } from '../../../domain/providers/reasons.ts';
import { errorTable } from '../error-table.ts';
import { ErrorCode, type ErrorDetails, RequestId, type UpstreamResponse } from '../upstream.ts';

// A model's error lists what is wrong with the input; a platform error has one type.
const ModelError = z.object({ detail: z.array(z.object({ type: ErrorCode })).min(1) });
const RequestError = z.object({ error_type: ErrorCode });

/** fal's error type, which is in the body in one of two places, or in a header. */
export function parseError({
  ok,
  body,
  headers,
}: Pick<UpstreamResponse, 'ok' | 'body' | 'headers'>): ErrorDetails {
  const requestId = RequestId.parse(headers.get('x-fal-request-id')) ?? undefined;
  if (ok) return { requestId };
  const code =
    ModelError.safeParse(body).data?.detail[0]?.type ??
    RequestError.safeParse(body).data?.error_type ??
    ErrorCode.safeParse(headers.get('x-fal-error-type')).data;
  return { code, requestId };
}

/** Types of model errors and of request errors. A model error of an unlisted type is a 422: a wrong input. */
export const { classify } = errorTable([
  {
    codes: ['bad_request', 'feature_not_supported', '400', '422'],
    category: 'rejected',
    failure: reasons.rejected,
  },
  { codes: ['413'], category: 'rejected', failure: reasons.tooLarge },
  {
    codes: [
      'image_too_small',
      'image_too_large',
      'image_load_error',
      'unsupported_image_format',
      'file_too_large',
      'face_detection_error',
    ],
    category: 'rejected',
    failure: reasons.badPicture,
  },
  {
    // The links are ours and the pictures were checked, so it was the network, and a retry may help.
    codes: ['file_download_error'],
    category: 'busy',
    failure: reasons.unloadedPicture,
  },
  { codes: ['content_policy_violation'], category: 'rejected', failure: reasons.policy },
  { codes: ['no_media_generated'], category: 'rejected', failure: reasons.empty },
  { codes: ['client_cancelled'], category: 'rejected', failure: reasons.cancelled },
  { codes: ['401'], category: 'operator', failure: reasons.internal },
  { codes: ['402'], category: 'operator', failure: reasons.quota },
  // Also an account without money: 403, "User is locked".
  { codes: ['403', '404'], category: 'operator', failure: reasons.noAccess },
  { codes: ['4xx'], category: 'rejected', failure: reasons.internal },
  { codes: ['429'], category: 'busy', failure: reasons.atCapacity },
  {
    codes: ['generation_timeout', 'request_timeout', 'startup_timeout', '408', '504'],
    category: 'unknown',
    failure: reasons.tooSlow,
  },
  {
    // The queue retries these itself, so after a submit the request may be queued.
    codes: [
      'runner_scheduling_failure',
      'runner_connection_timeout',
      'runner_disconnected',
      'runner_connection_refused',
      'runner_connection_error',
      'downstream_service_unavailable',
      '503',
    ],
    category: 'unknown',
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
    category: 'unknown',
    failure: reasons.crashed,
  },
]);
