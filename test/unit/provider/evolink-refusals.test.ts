import { describe, expect, test } from 'vitest';
import { evolink } from '../../../functions/provider/evolink.ts';
import newer from '../../fixtures/evolink/refusals.json' with { type: 'json' };
import older from '../../fixtures/evolink/refusals-older.json' with { type: 'json' };
import job from '../../fixtures/job.json' with { type: 'json' };
import { failure, leaksOf, type Played, playing, summary, thrownBy } from './upstream.ts';

// Every documented error of a submit, by its code or, in the older generation, its type.
const outcomes: Readonly<Record<string, string>> = {
  invalid_request: 'ProviderRefused invalid_parameters',
  unauthorized: 'ProviderRefused! service_error',
  insufficient_quota: 'ProviderRefused! quota_exceeded',
  model_access_denied: 'ProviderRefused! service_unavailable',
  rate_limit_exceeded: 'ProviderBusy',
  internal_error: 'SubmitUnknown',
  insufficient_user_quota: 'ProviderRefused! quota_exceeded',
  quota_not_enough: 'ProviderRefused! quota_exceeded',
  ACCOUNT_BALANCE_INSUFFICIENT: 'ProviderRefused! quota_exceeded',
  insufficient_token_quota: 'ProviderRefused! quota_exceeded',
  KEY_QUOTA_EXHAUSTED: 'ProviderRefused! quota_exceeded',
  token_daily_quota_exceeded: 'ProviderRefused! quota_exceeded',
  KEY_DAILY_QUOTA_EXHAUSTED: 'ProviderRefused! quota_exceeded',
  KEY_DISABLED: 'ProviderRefused! service_error',
  KEY_EXPIRED: 'ProviderRefused! service_error',
  user_disabled: 'ProviderRefused! service_error',
  KEY_MODEL_NOT_ALLOWED: 'ProviderRefused! service_unavailable',
  no_available_channel: 'ProviderBusy',
  model_unavailable: 'ProviderBusy',
  channel_selection_failed: 'ProviderBusy',
  service_unavailable: 'ProviderBusy',
  'channel:no_available_key': 'ProviderBusy',
  content_filter: 'ProviderRefused content_policy_violation',
  sensitive_content: 'ProviderRefused content_policy_violation',
  moderation_blocked: 'ProviderRefused content_policy_violation',
  input_moderation_failed: 'ProviderRefused content_policy_violation',
  idempotency_conflict: 'SubmitUnknown',
  paid_outcome_unknown: 'SubmitUnknown',
  invalid_request_error: 'ProviderRefused invalid_parameters',
  authentication_error: 'ProviderRefused! service_error',
  insufficient_quota_error: 'ProviderRefused! quota_exceeded',
  permission_error: 'ProviderRefused! service_unavailable',
  not_found_error: 'ProviderRefused! service_unavailable',
  request_too_large_error: 'ProviderRefused invalid_parameters',
  rate_limit_error: 'ProviderBusy',
  internal_server_error: 'SubmitUnknown',
  upstream_error: 'SubmitUnknown',
  service_unavailable_error: 'ProviderBusy',
};

const recorded = [
  ...newer.map(({ status, body }) => ({ status, body, said: body.error.code })),
  ...older.map(({ status, body }) => ({ status, body, said: body.error.type })),
];
const submitted = async (answer: Played) => {
  const { provider, asked } = playing(evolink, answer);
  const thrown = await thrownBy(provider.submit(job));
  return { thrown, asked };
};

test.each(recorded)('a submit answered $status $said ends as the table says', async (answer) => {
  const { thrown, asked } = await submitted(answer);

  expect(summary(thrown)).toBe(outcomes[answer.said]);
  expect(asked).toHaveLength(1);
  expect(leaksOf(thrown)).toEqual([]);
});

test.each([
  ['content_policy_violation', 'content_policy_violation'],
  ['invalid_parameters', 'invalid_parameters'],
  ['invalid_request', 'invalid_parameters'],
  ['image_processing_error', 'image_processing_error'],
  ['image_dimension_mismatch', 'image_dimension_mismatch'],
  ['request_cancelled', 'request_cancelled'],
  ['resource_not_found', 'unknown_error'],
  ['generation_failed_no_content', 'generation_failed_no_content'],
  ['service_error', 'service_error'],
  ['generation_timeout', 'generation_timeout'],
  ['resource_exhausted', 'resource_exhausted'],
  ['quota_exceeded', 'quota_exceeded'],
  ['service_unavailable', 'service_unavailable'],
  ['unknown_error', 'unknown_error'],
  ['model_unavailable', 'service_unavailable'],
  ['upstream_error', 'service_error'],
  ['rate_limited', 'resource_exhausted'],
])('a task that failed with %s tells its caller what to do', async (code, read) => {
  const message = `${job.prompt} was refused`;
  const body = { status: 'failed', error: { code, message, type: 'task_error' } };
  const progress = await playing(evolink, { body }).provider.poll('a-ticket');

  expect(progress).toEqual(failure(read));
  expect(JSON.stringify(progress)).not.toContain(job.prompt);
});

describe('without words that are known', () => {
  const unheard = { error: { code: 'newly_invented', message: 'no', type: 'api_error' } };

  test.each([
    ['400 in words nobody knows', 400, unheard, 'ProviderRefused invalid_parameters'],
    [
      '400 with a number for a code',
      400,
      { error: { code: 400 } },
      'ProviderRefused invalid_parameters',
    ],
    ['400 without words', 400, '', 'ProviderRefused invalid_parameters'],
    ['401 without words', 401, '', 'ProviderRefused! service_error'],
    ['402 without words', 402, '', 'ProviderRefused! quota_exceeded'],
    ['403 without words', 403, '', 'ProviderRefused! service_unavailable'],
    ['404 without words', 404, '<html>', 'ProviderRefused! service_unavailable'],
    ['408 without words', 408, '', 'SubmitUnknown'],
    ['409 without words', 409, '', 'SubmitUnknown'],
    ['413 without words', 413, '', 'ProviderRefused invalid_parameters'],
    ['422 in words nobody knows', 422, unheard, 'ProviderRefused service_error'],
    ['429 without words', 429, '', 'ProviderBusy'],
    ['500 without words', 500, '', 'SubmitUnknown'],
    ['502 from a gateway', 502, '<html>Bad Gateway</html>', 'SubmitUnknown'],
    ['503 in words nobody knows', 503, unheard, 'ProviderBusy'],
    ['503 from a gateway', 503, '<html>Service Unavailable</html>', 'SubmitUnknown'],
    ['504 from a gateway', 504, '', 'SubmitUnknown'],
    ['200 that is no JSON', 200, '<html>', 'SubmitUnknown'],
    ['200 without an id', 200, { status: 'pending' }, 'SubmitUnknown'],
    ['200 with an empty id', 200, { id: '' }, 'SubmitUnknown'],
    ['200 with an error', 200, unheard, 'SubmitUnknown'],
  ])('a submit answered %s is judged by the status', async (_, status, body, outcome) => {
    expect(summary((await submitted({ status, body })).thrown)).toBe(outcome);
  });
});

test.each(['x-request-id', 'x-oneapi-request-id'])(
  'the request id in %s is kept for the operator and kept from the caller',
  async (name) => {
    const body = { error: { code: 'insufficient_quota', message: 'no' } };
    const { thrown } = await submitted({ status: 402, body, headers: { [name]: '7574ee8f' } });

    expect(thrown).toMatchObject({
      message: expect.not.stringContaining('7574ee8f'),
      cause: { message: 'submit was answered 402 insufficient_quota, request 7574ee8f' },
    });
  },
);
