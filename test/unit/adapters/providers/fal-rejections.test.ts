import { describe, expect, test } from 'vitest';
import { fal } from '../../../../functions/adapters/providers/fal/adapter.ts';
import completed from '../../../fixtures/fal/completed.json' with { type: 'json' };
import modelErrors from '../../../fixtures/fal/model-errors.json' with { type: 'json' };
import requestErrors from '../../../fixtures/fal/request-errors.json' with { type: 'json' };
import job from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { type FakeResponse, failure, leaksOf, providerWith, summary } from './upstream.ts';

// Every documented error: what a submit throws, and what the caller reads when its job fails with it.
const outcomes: Readonly<Record<string, readonly [thrown: string, reason: string]>> = {
  content_policy_violation: ['ProviderRejected', 'content_policy_violation'],
  no_media_generated: ['ProviderRejected', 'generation_failed_no_content'],
  image_too_small: ['ProviderRejected', 'image_processing_error'],
  image_too_large: ['ProviderRejected', 'image_processing_error'],
  image_load_error: ['ProviderRejected', 'image_processing_error'],
  unsupported_image_format: ['ProviderRejected', 'image_processing_error'],
  file_too_large: ['ProviderRejected', 'image_processing_error'],
  face_detection_error: ['ProviderRejected', 'image_processing_error'],
  file_download_error: ['ProviderBusy', 'image_processing_error'],
  feature_not_supported: ['ProviderRejected', 'invalid_parameters'],
  missing: ['ProviderRejected', 'invalid_parameters'],
  greater_than_equal: ['ProviderRejected', 'invalid_parameters'],
  less_than_equal: ['ProviderRejected', 'invalid_parameters'],
  string_too_long: ['ProviderRejected', 'invalid_parameters'],
  one_of: ['ProviderRejected', 'invalid_parameters'],
  internal_server_error: ['SubmitUnknown', 'service_error'],
  downstream_service_error: ['SubmitUnknown', 'service_error'],
  downstream_service_unavailable: ['SubmitUnknown', 'service_unavailable'],
  generation_timeout: ['SubmitUnknown', 'generation_timeout'],
  request_timeout: ['SubmitUnknown', 'generation_timeout'],
  startup_timeout: ['SubmitUnknown', 'generation_timeout'],
  runner_scheduling_failure: ['SubmitUnknown', 'service_unavailable'],
  runner_connection_timeout: ['SubmitUnknown', 'service_unavailable'],
  runner_disconnected: ['SubmitUnknown', 'service_unavailable'],
  runner_connection_refused: ['SubmitUnknown', 'service_unavailable'],
  runner_connection_error: ['SubmitUnknown', 'service_unavailable'],
  runner_incomplete_response: ['SubmitUnknown', 'service_error'],
  runner_server_error: ['SubmitUnknown', 'service_error'],
  client_disconnected: ['SubmitUnknown', 'service_error'],
  client_cancelled: ['ProviderRejected', 'request_cancelled'],
  bad_request: ['ProviderRejected', 'invalid_parameters'],
  internal_error: ['SubmitUnknown', 'service_error'],
};

const recorded = [
  ...modelErrors.map(({ status, body }) => ({ status, body, said: `${body.detail[0]?.type}` })),
  ...requestErrors.map(({ status, body }) => ({ status, body, said: body.error_type })),
];
const submitted = async (response: FakeResponse) => {
  const { provider, requests } = providerWith(fal, response);
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

    const [name, reason] = outcomes[response.said] ?? [];
    expect(summary(thrown)).toBe(name === 'ProviderRejected' ? `${name} ${reason}` : name);
    expect(requests).toHaveLength(1);
    expect(leaksOf(thrown)).toEqual([]);
  },
);

test.each(recorded)(
  'the failure of a job with $status $said says what its caller can do',
  async (response) => {
    const progress = await providerWith(fal, { body: completed }, response).provider.poll(
      'a-ticket',
    );

    expect(progress).toEqual(failure(outcomes[response.said]?.[1] ?? ''));
    expect(JSON.stringify(progress)).not.toContain(job.prompt);
  },
);

test('there are errors of requests', () => {
  expect(requestErrors).not.toEqual([]);
});

test.each(requestErrors)(
  '$body.error_type is read from the header when the body has none',
  async (response) => {
    const { status, body } = response;
    const headers = { 'X-Fal-Error-Type': body.error_type };
    const failed = { status, body: '<html>', headers };

    await expect(
      providerWith(fal, { body: completed }, failed).provider.poll('a'),
    ).resolves.toEqual(failure(outcomes[body.error_type]?.[1] ?? ''));
  },
);

describe('without a known code', () => {
  const detail = { detail: 'User is locked. Reason: Exhausted balance.' };

  test.each([
    ['400 without words', 400, '', 'ProviderRejected invalid_parameters'],
    [
      '401 with a sentence',
      401,
      { detail: 'Authentication is required' },
      'ProviderRejected! service_error',
    ],
    ['402 without words', 402, '', 'ProviderRejected! quota_exceeded'],
    ['403 with a sentence', 403, detail, 'ProviderRejected! service_unavailable'],
    ['404 without words', 404, '<html>', 'ProviderRejected! service_unavailable'],
    ['405 without words', 405, '', 'ProviderRejected service_error'],
    ['408 without words', 408, '', 'SubmitUnknown'],
    ['413 without words', 413, '', 'ProviderRejected invalid_parameters'],
    ['422 without words', 422, '', 'ProviderRejected invalid_parameters'],
    ['422 with an empty list', 422, { detail: [] }, 'ProviderRejected invalid_parameters'],
    ['429 without words', 429, '', 'ProviderBusy'],
    ['499 without words', 499, '', 'SubmitUnknown'],
    ['500 without words', 500, '', 'SubmitUnknown'],
    ['502 from a gateway', 502, '<html>Bad Gateway</html>', 'SubmitUnknown'],
    ['503 from a gateway', 503, '<html>Service Unavailable</html>', 'SubmitUnknown'],
    ['503 with an unknown error', 503, { error_type: 'newly_invented' }, 'SubmitUnknown'],
    ['504 from a gateway', 504, '', 'SubmitUnknown'],
    ['200 that is no JSON', 200, '<html>', 'SubmitUnknown'],
    ['200 without an id', 200, { status: 'IN_QUEUE' }, 'SubmitUnknown'],
    ['200 with an invalid id', 200, { request_id: '../..' }, 'SubmitUnknown'],
  ])(
    'a submit with the response %s is classified by its status',
    async (_, status, body, outcome) => {
      expect(summary((await submitted({ status, body })).thrown)).toBe(outcome);
    },
  );
});

test('the request id is in the log and not in what the caller reads', async () => {
  const headers = { 'x-fal-request-id': '7574ee8f' };
  const { thrown } = await submitted({ status: 403, body: {}, headers });

  expect(thrown).toMatchObject({
    message: expect.not.stringContaining('7574ee8f'),
    cause: { message: 'submit got status 403 without a code, request 7574ee8f' },
  });
});
