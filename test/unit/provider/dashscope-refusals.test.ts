import { expect, test } from 'vitest';
import { SubmitUnknown } from '../../../functions/task/failures.ts';
import refusals from '../../fixtures/dashscope/refusals.json' with { type: 'json' };
import job from '../../fixtures/job.json' with { type: 'json' };
import { leaksOf, summary, thrownBy, upstream } from './upstream.ts';

// Every documented error: what a submit throws (`!`: the operator must act), and what the caller
// reads when it is refused, or when its job fails with this code later.
const outcomes: Readonly<Record<string, readonly [thrown: string, reason: string]>> = {
  InvalidParameter: ['ProviderRefused', 'invalid_parameters'],
  'InvalidParameter.Size': ['ProviderRefused', 'invalid_parameters'],
  'BadRequest.EmptyInput': ['ProviderRefused', 'invalid_parameters'],
  'BadRequest.EmptyParameters': ['ProviderRefused', 'invalid_parameters'],
  'BadRequest.EmptyModel': ['ProviderRefused', 'invalid_parameters'],
  InvalidURL: ['ProviderBusy', 'image_processing_error'],
  'InvalidURL.ConnectionRefused': ['ProviderBusy', 'image_processing_error'],
  'InvalidURL.Timeout': ['ProviderBusy', 'image_processing_error'],
  'InvalidParameter.DataInspection': ['ProviderBusy', 'image_processing_error'],
  'InvalidImage.FileFormat': ['ProviderRefused', 'image_processing_error'],
  'InvalidImage.ImageSize': ['ProviderRefused', 'image_processing_error'],
  InvalidImageFormat: ['ProviderRefused', 'image_processing_error'],
  InvalidImageResolution: ['ProviderRefused', 'image_processing_error'],
  DataInspectionFailed: ['ProviderRefused', 'content_policy_violation'],
  IPInfringementSuspect: ['ProviderRefused', 'content_policy_violation'],
  Arrearage: ['ProviderRefused!', 'quota_exceeded'],
  UnsupportedOperation: ['ProviderRefused', 'invalid_parameters'],
  InvalidApiKey: ['ProviderRefused!', 'service_error'],
  AccessDenied: ['ProviderRefused!', 'service_unavailable'],
  'AccessDenied.Unpurchased': ['ProviderRefused!', 'service_unavailable'],
  'Workspace.AccessDenied': ['ProviderRefused!', 'service_unavailable'],
  'Model.AccessDenied': ['ProviderRefused!', 'service_unavailable'],
  'AllocationQuota.FreeTierOnly': ['ProviderRefused!', 'quota_exceeded'],
  ModelNotFound: ['ProviderRefused!', 'service_unavailable'],
  WorkSpaceNotFound: ['ProviderRefused!', 'service_unavailable'],
  RequestTimeOut: ['SubmitUnknown', 'generation_timeout'],
  'BadRequest.TooLarge': ['ProviderRefused', 'invalid_parameters'],
  'BadRequest.InputDownloadFailed': ['ProviderBusy', 'image_processing_error'],
  'BadRequest.UnsupportedFileFormat': ['ProviderRefused', 'image_processing_error'],
  Throttling: ['ProviderBusy', 'resource_exhausted'],
  'Throttling.RateQuota': ['ProviderBusy', 'resource_exhausted'],
  'Throttling.BurstRate': ['ProviderBusy', 'resource_exhausted'],
  LimitRequests: ['ProviderBusy', 'resource_exhausted'],
  'Throttling.AllocationQuota': ['ProviderBusy', 'quota_exceeded'],
  PrepaidBillOverdue: ['ProviderRefused!', 'quota_exceeded'],
  PostpaidBillOverdue: ['ProviderRefused!', 'quota_exceeded'],
  CommodityNotPurchased: ['ProviderRefused!', 'quota_exceeded'],
  InternalError: ['SubmitUnknown', 'service_error'],
  'InternalError.Algo': ['SubmitUnknown', 'service_error'],
  'InternalError.Timeout': ['SubmitUnknown', 'generation_timeout'],
  SystemError: ['SubmitUnknown', 'service_error'],
  RewriteFailed: ['SubmitUnknown', 'service_error'],
  ModelServiceFailed: ['SubmitUnknown', 'service_error'],
  ModelServingError: ['ProviderBusy', 'resource_exhausted'],
  ModelUnavailable: ['ProviderBusy', 'service_unavailable'],
};

const recorded = refusals.map(({ status, body }) => ({ status, code: body.code, body }));

test.each(recorded)('a submit answered $status $code ends as the table says', async (answer) => {
  const thrown = await thrownBy(upstream(answer).provider.submit(job));

  const [name, reason] = outcomes[answer.code] ?? [];
  expect(summary(thrown)).toBe(name?.startsWith('ProviderRefused') ? `${name} ${reason}` : name);
});

test.each(recorded)(
  'a job that failed with $code tells its caller what to do',
  async ({ body }) => {
    const output = { task_status: 'FAILED', code: body.code, message: body.message };

    await expect(upstream({ body: { output } }).provider.poll('a-ticket')).resolves.toEqual({
      state: 'failed',
      failure: {
        code: outcomes[body.code]?.[1],
        message: expect.stringMatching(/\b(try|send)\b.*\.$/i),
      },
    });
  },
);

test.each(recorded)('$code lets neither key, prompt nor link into an error', async (answer) => {
  const thrown = await thrownBy(upstream(answer).provider.submit(job));

  expect(leaksOf(thrown)).toEqual([]);
});

test.each([
  [
    '400 in words nobody knows',
    400,
    { code: 'Newly.Invented' },
    'ProviderRefused invalid_parameters',
  ],
  ['400 without words', 400, '', 'ProviderRefused invalid_parameters'],
  ['401 without words', 401, '', 'ProviderRefused! service_error'],
  ['403 in words nobody knows', 403, { code: 'Forbidden' }, 'ProviderRefused! service_error'],
  ['404 without words', 404, '<html>', 'ProviderRefused! service_error'],
  ['408 without words', 408, '', 'SubmitUnknown'],
  ['422 in words nobody knows', 422, { code: 'Newly.Invented' }, 'ProviderRefused service_error'],
  ['429 without words', 429, '', 'ProviderBusy'],
  ['500 in words nobody knows', 500, { code: 'Newly.Invented' }, 'SubmitUnknown'],
  ['500 without words', 500, '', 'SubmitUnknown'],
  ['502 from a gateway', 502, '<html>Bad Gateway</html>', 'SubmitUnknown'],
  ['503 in words nobody knows', 503, { code: 'Newly.Invented' }, 'ProviderBusy'],
  ['503 from a gateway', 503, '<html>Service Unavailable</html>', 'SubmitUnknown'],
  ['504 from a gateway', 504, '', 'SubmitUnknown'],
  ['200 that is no JSON', 200, '<html>', 'SubmitUnknown'],
  ['200 without a task id', 200, { output: { task_status: 'PENDING' } }, 'SubmitUnknown'],
  ['200 with an empty task id', 200, { output: { task_id: '' } }, 'SubmitUnknown'],
  ['200 with an error', 200, { code: 'Throttling', message: 'slow down' }, 'SubmitUnknown'],
])('a submit answered %s is judged by the status', async (_, status, body, outcome) => {
  expect(summary(await thrownBy(upstream({ status, body }).provider.submit(job)))).toBe(outcome);
});

test('the request id is kept for the operator and kept from the caller', async () => {
  const body = { code: 'Arrearage', message: 'no', request_id: '7574ee8f' };

  const thrown = await thrownBy(upstream({ status: 400, body }).provider.submit(job));

  expect(thrown).toMatchObject({
    message: expect.not.stringContaining('7574ee8f'),
    cause: { message: 'submit was answered 400 Arrearage, request 7574ee8f' },
  });
});

test('a code that is none is not repeated', async () => {
  const body = { code: `Failed: ${job.prompt}`, request_id: job.images[0] };

  const thrown = await thrownBy(upstream({ status: 500, body }).provider.submit(job));

  expect(thrown).toEqual(new SubmitUnknown('submit was answered 500 without a code'));
});
