import * as z from 'zod';
import { reasons } from '../../../domain/providers/reasons.ts';
import { errorTable } from '../error-table.ts';
import { ErrorCode, type ErrorDetails, RequestId, type UpstreamResponse } from '../upstream.ts';

const optionalCode = ErrorCode.optional().catch(undefined);
const ErrorBody = z.object({ error: z.object({ code: optionalCode, type: optionalCode }) });

/**
 * EvoLink's error code, in lower case: its documents do not agree on the case. In their older generation
 * the code is the HTTP status, and the type says what happened.
 */
export function parseError({
  body,
  headers,
}: Pick<UpstreamResponse, 'body' | 'headers'>): ErrorDetails {
  const { code, type } = ErrorBody.safeParse(body).data?.error ?? {};
  const requestId = RequestId.parse(
    headers.get('x-request-id') ?? headers.get('x-oneapi-request-id'),
  );
  return { code: (code ?? type)?.toLowerCase(), requestId: requestId ?? undefined };
}

/** Codes, and types of the older generation, of rejected requests and of failed jobs; in lower case. */
export const { failureOf, classify } = errorTable([
  {
    codes: ['invalid_request', 'invalid_request_error', 'invalid_parameters', '400'],
    category: 'rejected',
    failure: reasons.rejected,
  },
  { codes: ['request_too_large_error', '413'], category: 'rejected', failure: reasons.tooLarge },
  { codes: ['image_processing_error'], category: 'rejected', failure: reasons.badPicture },
  { codes: ['image_dimension_mismatch'], category: 'rejected', failure: reasons.wrongSize },
  {
    codes: [
      'content_policy_violation',
      'content_filter',
      'sensitive_content',
      'moderation_blocked',
      'input_moderation_failed',
    ],
    category: 'rejected',
    failure: reasons.policy,
  },
  { codes: ['generation_failed_no_content'], category: 'rejected', failure: reasons.empty },
  { codes: ['request_cancelled'], category: 'rejected', failure: reasons.cancelled },
  {
    codes: [
      'unauthorized',
      'authentication_error',
      'key_disabled',
      'key_expired',
      'user_disabled',
      '401',
    ],
    category: 'operator',
    failure: reasons.internal,
  },
  {
    codes: [
      'insufficient_quota',
      'insufficient_quota_error',
      'insufficient_user_quota',
      'quota_not_enough',
      'account_balance_insufficient',
      'insufficient_token_quota',
      'key_quota_exhausted',
      'token_daily_quota_exceeded',
      'key_daily_quota_exhausted',
      'quota_exceeded',
      '402',
    ],
    category: 'operator',
    failure: reasons.quota,
  },
  {
    codes: [
      'model_access_denied',
      'permission_denied',
      'permission_error',
      'key_model_not_allowed',
      'not_found_error',
      '403',
      '404',
    ],
    category: 'operator',
    failure: reasons.noAccess,
  },
  // Our key for this task was used with another body, and that job may have been accepted.
  { codes: ['idempotency_conflict'], category: 'unknown', failure: reasons.internal },
  { codes: ['4xx'], category: 'rejected', failure: reasons.internal },
  {
    codes: [
      'rate_limit_exceeded',
      'rate_limit_error',
      'evo_api_error',
      'rate_limited',
      'resource_exhausted',
      '429',
    ],
    category: 'busy',
    failure: reasons.atCapacity,
  },
  {
    // The gateway found no upstream for the job, so there is no job.
    codes: [
      'no_available_channel',
      'model_unavailable',
      'channel_selection_failed',
      'service_unavailable',
      'service_unavailable_error',
      'channel.*',
      '503',
    ],
    category: 'busy',
    failure: reasons.unavailable,
  },
  { codes: ['generation_timeout', '408'], category: 'unknown', failure: reasons.tooSlow },
  {
    // The gateway passes on an error of its upstream, where the job may have been accepted already.
    codes: [
      'paid_outcome_unknown',
      'internal_error',
      'internal_server_error',
      'api_error',
      'upstream_error',
      'service_error',
      '409',
    ],
    category: 'unknown',
    failure: reasons.crashed,
  },
  {
    codes: ['resource_not_found', 'task_not_found'],
    category: 'unknown',
    failure: reasons.jobLost,
  },
]);
