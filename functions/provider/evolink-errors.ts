import { errorTable } from './error-table.ts';
import { reasons } from './reasons.ts';

/** Codes and, for the older generation, types, of refused requests and of failed tasks; in lower case. */
export const { failureOf, refusalOf } = errorTable([
  {
    codes: ['invalid_request', 'invalid_request_error', 'invalid_parameters', '400'],
    verdict: 'refused',
    failure: reasons.rejected,
  },
  { codes: ['request_too_large_error', '413'], verdict: 'refused', failure: reasons.tooLarge },
  { codes: ['image_processing_error'], verdict: 'refused', failure: reasons.badPicture },
  { codes: ['image_dimension_mismatch'], verdict: 'refused', failure: reasons.wrongSize },
  {
    codes: [
      'content_policy_violation',
      'content_filter',
      'sensitive_content',
      'moderation_blocked',
      'input_moderation_failed',
    ],
    verdict: 'refused',
    failure: reasons.policy,
  },
  { codes: ['generation_failed_no_content'], verdict: 'refused', failure: reasons.empty },
  { codes: ['request_cancelled'], verdict: 'refused', failure: reasons.cancelled },
  {
    codes: [
      'unauthorized',
      'authentication_error',
      'key_disabled',
      'key_expired',
      'user_disabled',
      '401',
    ],
    verdict: 'operator',
    failure: reasons.ours,
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
    verdict: 'operator',
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
    verdict: 'operator',
    failure: reasons.noAccess,
  },
  // Our key for this task was used for another body: that job may have been taken.
  { codes: ['idempotency_conflict'], verdict: 'unclear', failure: reasons.ours },
  { codes: ['4xx'], verdict: 'refused', failure: reasons.ours },
  {
    codes: [
      'rate_limit_exceeded',
      'rate_limit_error',
      'evo_api_error',
      'rate_limited',
      'resource_exhausted',
      '429',
    ],
    verdict: 'busy',
    failure: reasons.atCapacity,
  },
  {
    // No job was made where there was nobody to hand it to.
    codes: [
      'no_available_channel',
      'model_unavailable',
      'channel_selection_failed',
      'service_unavailable',
      'service_unavailable_error',
      'channel.*',
      '503',
    ],
    verdict: 'busy',
    failure: reasons.unavailable,
  },
  { codes: ['generation_timeout', '408'], verdict: 'unclear', failure: reasons.tooSlow },
  {
    // Whatever failed behind the gateway may have failed after the job was taken.
    codes: [
      'paid_outcome_unknown',
      'internal_error',
      'internal_server_error',
      'api_error',
      'upstream_error',
      'service_error',
      '409',
    ],
    verdict: 'unclear',
    failure: reasons.crashed,
  },
  {
    codes: ['resource_not_found', 'task_not_found'],
    verdict: 'unclear',
    failure: reasons.forgotten,
  },
]);
