import { expect, test } from 'vitest';
import { SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import rejections from '../../../fixtures/dashscope/rejections.json' with { type: 'json' };
import job from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { dashscopeWith, leaksOf, summary } from './upstream.ts';

// Every documented error: what a submit throws (`!`: the operator must act), and what the caller
// reads when it is rejected, or when its job fails with this code later.
const outcomes: Readonly<Record<string, readonly [thrown: string, reason: string]>> = {
  InvalidParameter: ['ProviderRejected', 'invalid_parameters'],
  'InvalidParameter.Size': ['ProviderRejected', 'invalid_parameters'],
  'BadRequest.EmptyInput': ['ProviderRejected', 'invalid_parameters'],
  'BadRequest.EmptyParameters': ['ProviderRejected', 'invalid_parameters'],
  'BadRequest.EmptyModel': ['ProviderRejected', 'invalid_parameters'],
  InvalidURL: ['ProviderBusy', 'image_processing_error'],
  'InvalidURL.ConnectionRefused': ['ProviderBusy', 'image_processing_error'],
  'InvalidURL.Timeout': ['ProviderBusy', 'image_processing_error'],
  'InvalidParameter.DataInspection': ['ProviderBusy', 'image_processing_error'],
  'InvalidImage.FileFormat': ['ProviderRejected', 'image_processing_error'],
  'InvalidImage.ImageSize': ['ProviderRejected', 'image_processing_error'],
  InvalidImageFormat: ['ProviderRejected', 'image_processing_error'],
  InvalidImageResolution: ['ProviderRejected', 'image_processing_error'],
  DataInspectionFailed: ['ProviderRejected', 'content_policy_violation'],
  IPInfringementSuspect: ['ProviderRejected', 'content_policy_violation'],
  Arrearage: ['ProviderRejected!', 'quota_exceeded'],
  UnsupportedOperation: ['ProviderRejected', 'invalid_parameters'],
  InvalidApiKey: ['ProviderRejected!', 'service_error'],
  AccessDenied: ['ProviderRejected!', 'service_unavailable'],
  'AccessDenied.Unpurchased': ['ProviderRejected!', 'service_unavailable'],
  'Workspace.AccessDenied': ['ProviderRejected!', 'service_unavailable'],
  'Model.AccessDenied': ['ProviderRejected!', 'service_unavailable'],
  'AllocationQuota.FreeTierOnly': ['ProviderRejected!', 'quota_exceeded'],
  ModelNotFound: ['ProviderRejected!', 'service_unavailable'],
  WorkSpaceNotFound: ['ProviderRejected!', 'service_unavailable'],
  RequestTimeOut: ['SubmitUnknown', 'generation_timeout'],
  'BadRequest.TooLarge': ['ProviderRejected', 'invalid_parameters'],
  'BadRequest.InputDownloadFailed': ['ProviderBusy', 'image_processing_error'],
  'BadRequest.UnsupportedFileFormat': ['ProviderRejected', 'image_processing_error'],
  Throttling: ['ProviderBusy', 'resource_exhausted'],
  'Throttling.RateQuota': ['ProviderBusy', 'resource_exhausted'],
  'Throttling.BurstRate': ['ProviderBusy', 'resource_exhausted'],
  LimitRequests: ['ProviderBusy', 'resource_exhausted'],
  'Throttling.AllocationQuota': ['ProviderBusy', 'quota_exceeded'],
  PrepaidBillOverdue: ['ProviderRejected!', 'quota_exceeded'],
  PostpaidBillOverdue: ['ProviderRejected!', 'quota_exceeded'],
  CommodityNotPurchased: ['ProviderRejected!', 'quota_exceeded'],
  InternalError: ['SubmitUnknown', 'service_error'],
  'InternalError.Algo': ['SubmitUnknown', 'service_error'],
  'InternalError.Timeout': ['SubmitUnknown', 'generation_timeout'],
  SystemError: ['SubmitUnknown', 'service_error'],
  RewriteFailed: ['SubmitUnknown', 'service_error'],
  ModelServiceFailed: ['SubmitUnknown', 'service_error'],
  ModelServingError: ['ProviderBusy', 'resource_exhausted'],
  ModelUnavailable: ['ProviderBusy', 'service_unavailable'],
};

const recorded = rejections.map(({ status, body }) => ({ status, code: body.code, body }));

test('the fixtures have every error of the table', () => {
  expect(new Set(recorded.map(({ code }) => code))).toEqual(new Set(Object.keys(outcomes)));
});

test.each(recorded)(
  'a submit with the response $status $code ends as the table says',
  async (response) => {
    const thrown = await thrownBy(dashscopeWith(response).provider.submit(job));

    const [name, reason] = outcomes[response.code] ?? [];
    expect(summary(thrown)).toBe(name?.startsWith('ProviderRejected') ? `${name} ${reason}` : name);
  },
);

test.each(recorded)(
  'the failure of a job with $code says what its caller can do',
  async ({ body }) => {
    const output = { task_status: 'FAILED', code: body.code, message: body.message };

    await expect(dashscopeWith({ body: { output } }).provider.poll('a-ticket')).resolves.toEqual({
      state: 'failed',
      failure: {
        code: outcomes[body.code]?.[1],
        message: expect.stringMatching(/\b(try|send)\b.*\.$/i),
      },
    });
  },
);

test.each(recorded)(
  'an error for $code contains neither the key nor the prompt nor a link',
  async (response) => {
    const thrown = await thrownBy(dashscopeWith(response).provider.submit(job));

    expect(leaksOf(thrown)).toEqual([]);
  },
);

test.each([
  [
    '400 with an unknown code',
    400,
    { code: 'Newly.Invented' },
    'ProviderRejected invalid_parameters',
  ],
  ['400 without words', 400, '', 'ProviderRejected invalid_parameters'],
  ['401 without words', 401, '', 'ProviderRejected! service_error'],
  ['403 with an unknown error', 403, { code: 'Forbidden' }, 'ProviderRejected! service_error'],
  ['404 without words', 404, '<html>', 'ProviderRejected! service_error'],
  ['408 without words', 408, '', 'SubmitUnknown'],
  ['422 with an unknown error', 422, { code: 'Newly.Invented' }, 'ProviderRejected service_error'],
  ['429 without words', 429, '', 'ProviderBusy'],
  ['500 with an unknown error', 500, { code: 'Newly.Invented' }, 'SubmitUnknown'],
  ['500 without words', 500, '', 'SubmitUnknown'],
  ['502 from a gateway', 502, '<html>Bad Gateway</html>', 'SubmitUnknown'],
  ['503 with an unknown error', 503, { code: 'Newly.Invented' }, 'ProviderBusy'],
  ['503 from a gateway', 503, '<html>Service Unavailable</html>', 'SubmitUnknown'],
  ['504 from a gateway', 504, '', 'SubmitUnknown'],
  ['200 that is no JSON', 200, '<html>', 'SubmitUnknown'],
  ['200 without a task id', 200, { output: { task_status: 'PENDING' } }, 'SubmitUnknown'],
  ['200 with an empty task id', 200, { output: { task_id: '' } }, 'SubmitUnknown'],
  ['200 with an error', 200, { code: 'Throttling', message: 'slow down' }, 'SubmitUnknown'],
])(
  'a submit with the response %s is classified by its status',
  async (_, status, body, outcome) => {
    expect(summary(await thrownBy(dashscopeWith({ status, body }).provider.submit(job)))).toBe(
      outcome,
    );
  },
);

test('the request id is in the log and not in what the caller reads', async () => {
  const body = { code: 'Arrearage', message: 'no', request_id: '7574ee8f' };

  const thrown = await thrownBy(dashscopeWith({ status: 400, body }).provider.submit(job));

  expect(thrown).toMatchObject({
    message: expect.not.stringContaining('7574ee8f'),
    cause: { message: 'submit got status 400 Arrearage, request 7574ee8f' },
  });
});

test('a code that does not look like one is not in the error', async () => {
  const body = { code: `Failed: ${job.prompt}`, request_id: job.images[0] };

  const thrown = await thrownBy(dashscopeWith({ status: 500, body }).provider.submit(job));

  expect(thrown).toEqual(new SubmitUnknown('submit got status 500 without a code'));
});
