import { describe, expect, test } from 'vitest';
import { evolink } from '../../../../functions/adapters/providers/evolink/adapter.ts';
import newer from '../../../fixtures/evolink/rejections.json' with { type: 'json' };
import older from '../../../fixtures/evolink/rejections-older.json' with { type: 'json' };
import job from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { type FakeResponse, failure, leaksOf, providerWith, summary } from './upstream.ts';

// Every documented error of a submit, by its code or, in the older generation, its type.
const outcomes: Readonly<Record<string, string>> = {
  invalid_request: 'ProviderRejected invalid_parameters',
  unauthorized: 'ProviderRejected! service_error',
  insufficient_quota: 'ProviderRejected! quota_exceeded',
  model_access_denied: 'ProviderRejected! service_unavailable',
  rate_limit_exceeded: 'ProviderBusy',
  internal_error: 'SubmitUnknown',
  insufficient_user_quota: 'ProviderRejected! quota_exceeded',
  quota_not_enough: 'ProviderRejected! quota_exceeded',
  ACCOUNT_BALANCE_INSUFFICIENT: 'ProviderRejected! quota_exceeded',
  insufficient_token_quota: 'ProviderRejected! quota_exceeded',
  KEY_QUOTA_EXHAUSTED: 'ProviderRejected! quota_exceeded',
  token_daily_quota_exceeded: 'ProviderRejected! quota_exceeded',
  KEY_DAILY_QUOTA_EXHAUSTED: 'ProviderRejected! quota_exceeded',
  KEY_DISABLED: 'ProviderRejected! service_error',
  KEY_EXPIRED: 'ProviderRejected! service_error',
  user_disabled: 'ProviderRejected! service_error',
  KEY_MODEL_NOT_ALLOWED: 'ProviderRejected! service_unavailable',
  no_available_channel: 'ProviderBusy',
  model_unavailable: 'ProviderBusy',
  channel_selection_failed: 'ProviderBusy',
  service_unavailable: 'ProviderBusy',
  'channel:no_available_key': 'ProviderBusy',
  content_filter: 'ProviderRejected content_policy_violation',
  sensitive_content: 'ProviderRejected content_policy_violation',
  moderation_blocked: 'ProviderRejected content_policy_violation',
  input_moderation_failed: 'ProviderRejected content_policy_violation',
  idempotency_conflict: 'SubmitUnknown',
  paid_outcome_unknown: 'SubmitUnknown',
  invalid_request_error: 'ProviderRejected invalid_parameters',
  authentication_error: 'ProviderRejected! service_error',
  insufficient_quota_error: 'ProviderRejected! quota_exceeded',
  permission_error: 'ProviderRejected! service_unavailable',
  not_found_error: 'ProviderRejected! service_unavailable',
  request_too_large_error: 'ProviderRejected invalid_parameters',
  rate_limit_error: 'ProviderBusy',
  internal_server_error: 'SubmitUnknown',
  upstream_error: 'SubmitUnknown',
  service_unavailable_error: 'ProviderBusy',
};

const recorded = [
  ...newer.map(({ status, body }) => ({ status, body, said: body.error.code })),
  ...older.map(({ status, body }) => ({ status, body, said: body.error.type })),
];
const submitted = async (response: FakeResponse) => {
  const { provider, requests } = providerWith(evolink, response);
  const thrown = await thrownBy(provider.submit(job));
  return { thrown, requests };
};

test('the fixtures have every error of the table', () => {
  expect(new Set(recorded.map(({ said }) => said))).toEqual(new Set(Object.keys(outcomes)));
});

test.each(recorded)(
  'a submit with the response $status $said ends as the table says',
  async (response) => {
    const { thrown, requests } = await submitted(response);

    expect(summary(thrown)).toBe(outcomes[response.said]);
    expect(requests).toHaveLength(1);
    expect(leaksOf(thrown)).toEqual([]);
  },
);

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
])('the failure of a job with %s says what its caller can do', async (code, read) => {
  const message = `${job.prompt} was refused`;
  const body = { status: 'failed', error: { code, message, type: 'task_error' } };
  const progress = await providerWith(evolink, { body }).provider.poll('a-ticket');

  expect(progress).toEqual(failure(read));
  expect(JSON.stringify(progress)).not.toContain(job.prompt);
});

describe('without a known code', () => {
  const unheard = { error: { code: 'newly_invented', message: 'no', type: 'api_error' } };

  test.each([
    ['400 with an unknown code', 400, unheard, 'ProviderRejected invalid_parameters'],
    [
      '400 with a number for a code',
      400,
      { error: { code: 400 } },
      'ProviderRejected invalid_parameters',
    ],
    ['400 without words', 400, '', 'ProviderRejected invalid_parameters'],
    ['401 without words', 401, '', 'ProviderRejected! service_error'],
    ['402 without words', 402, '', 'ProviderRejected! quota_exceeded'],
    ['403 without words', 403, '', 'ProviderRejected! service_unavailable'],
    ['404 without words', 404, '<html>', 'ProviderRejected! service_unavailable'],
    ['408 without words', 408, '', 'SubmitUnknown'],
    ['409 without words', 409, '', 'SubmitUnknown'],
    ['413 without words', 413, '', 'ProviderRejected invalid_parameters'],
    ['422 with an unknown error', 422, unheard, 'ProviderRejected service_error'],
    ['429 without words', 429, '', 'ProviderBusy'],
    ['500 without words', 500, '', 'SubmitUnknown'],
    ['502 from a gateway', 502, '<html>Bad Gateway</html>', 'SubmitUnknown'],
    ['503 with an unknown error', 503, unheard, 'ProviderBusy'],
    ['503 from a gateway', 503, '<html>Service Unavailable</html>', 'SubmitUnknown'],
    ['504 from a gateway', 504, '', 'SubmitUnknown'],
    ['200 that is no JSON', 200, '<html>', 'SubmitUnknown'],
    ['200 without an id', 200, { status: 'pending' }, 'SubmitUnknown'],
    ['200 with an empty id', 200, { id: '' }, 'SubmitUnknown'],
    ['200 with an error', 200, unheard, 'SubmitUnknown'],
  ])(
    'a submit with the response %s is classified by its status',
    async (_, status, body, outcome) => {
      expect(summary((await submitted({ status, body })).thrown)).toBe(outcome);
    },
  );
});

test.each(['x-request-id', 'x-oneapi-request-id'])(
  'the request id in %s is in the log and not in what the caller reads',
  async (name) => {
    const body = { error: { code: 'insufficient_quota', message: 'no' } };
    const { thrown } = await submitted({ status: 402, body, headers: { [name]: '7574ee8f' } });

    expect(thrown).toMatchObject({
      message: expect.not.stringContaining('7574ee8f'),
      cause: { message: 'submit got status 402 insufficient_quota, request 7574ee8f' },
    });
  },
);
