import type { TaskErrorCode } from '../task/problem.ts';
import type { Failure } from '../task/task.ts';

/**
 * What an error means for a submit. `busy`: a clear no for now. `refused`: a clear no for good.
 * `operator`: no, until somebody sees to our account. `unclear`: the job may have been accepted.
 */
type Verdict = 'busy' | 'refused' | 'operator' | 'unclear';

type Row = {
  /**
   * As DashScope spells them. `X.*` is X and everything below it; a code written out in full wins.
   * A number is the HTTP status that decides about codes nobody has written down.
   */
  readonly codes: readonly string[];
  readonly verdict: Verdict;
  readonly code: TaskErrorCode;
  /** For the caller: what happened and what to do; nothing about our account. */
  readonly message: string;
};

type Refusal = { readonly verdict: Verdict; readonly failure: Failure };

const table: readonly Row[] = [
  {
    codes: ['InvalidParameter.*', 'BadRequest.*', 'UnsupportedOperation', '400'],
    verdict: 'refused',
    code: 'invalid_parameters',
    message:
      'The model did not accept the request. Check the prompt and the options and try again.',
  },
  {
    codes: ['BadRequest.TooLarge'],
    verdict: 'refused',
    code: 'invalid_parameters',
    message: 'The request is too large for the model. Use smaller pictures and try again.',
  },
  {
    codes: [
      'InvalidImage.*',
      'InvalidImageFormat',
      'InvalidImageResolution',
      'BadRequest.UnsupportedFileFormat',
    ],
    verdict: 'refused',
    code: 'image_processing_error',
    message: 'The model cannot use an input picture. Check its format and size and try again.',
  },
  {
    // The links are ours and the pictures were checked: the trouble lies on the way, and passes.
    codes: ['InvalidURL.*', 'InvalidParameter.DataInspection', 'BadRequest.InputDownloadFailed'],
    verdict: 'busy',
    code: 'image_processing_error',
    message: 'The model could not load an input picture. Try again.',
  },
  {
    codes: ['DataInspectionFailed.*', 'IPInfringementSuspect'],
    verdict: 'refused',
    code: 'content_policy_violation',
    message: 'The content check refused the prompt or a picture. Change it and try again.',
  },
  {
    // Some of them come as 429, but no waiting pays a bill.
    codes: [
      'Arrearage',
      'AllocationQuota.FreeTierOnly',
      'PrepaidBillOverdue',
      'PostpaidBillOverdue',
      'CommodityNotPurchased',
    ],
    verdict: 'operator',
    code: 'quota_exceeded',
    message: 'The service has used up its quota for this model. Try again later.',
  },
  {
    codes: [
      'AccessDenied.*',
      'Workspace.AccessDenied',
      'Model.AccessDenied',
      'ModelNotFound',
      'WorkSpaceNotFound',
    ],
    verdict: 'operator',
    code: 'service_unavailable',
    message: 'The model is not available at the moment. Try again later.',
  },
  {
    codes: ['InvalidApiKey', '401', '403', '404'],
    verdict: 'operator',
    code: 'service_error',
    message: 'Something went wrong on our side. Try again later.',
  },
  {
    codes: ['4xx'],
    verdict: 'refused',
    code: 'service_error',
    message: 'Something went wrong on our side. Try again later.',
  },
  {
    codes: ['Throttling.*', 'LimitRequests', 'ModelServingError', '429'],
    verdict: 'busy',
    code: 'resource_exhausted',
    message: 'The model is at capacity. Try again in a few minutes.',
  },
  {
    codes: ['Throttling.AllocationQuota'],
    verdict: 'busy',
    code: 'quota_exceeded',
    message: 'The service has used up its quota for the moment. Try again in a few minutes.',
  },
  {
    codes: ['ModelUnavailable', '503'],
    verdict: 'busy',
    code: 'service_unavailable',
    message: 'The model is not available at the moment. Try again in a few minutes.',
  },
  {
    codes: ['RequestTimeOut', 'InternalError.Timeout', '408'],
    verdict: 'unclear',
    code: 'generation_timeout',
    message: 'The model took too long. Try again.',
  },
  {
    // An internal error does not say whether it struck before or after the job was queued, and there
    // is no idempotency key to ask again with: better one refund in vain than images paid twice.
    codes: ['InternalError.*', 'SystemError', 'RewriteFailed', 'ModelServiceFailed'],
    verdict: 'unclear',
    code: 'service_error',
    message: 'The model failed. Try again.',
  },
];

const unknown: Row = {
  codes: [],
  verdict: 'unclear',
  code: 'unknown_error',
  message: 'The model failed without saying why. Try again.',
};

const rows = new Map(table.flatMap((row) => row.codes.map((code) => [code, row] as const)));
const find = (code: string) => rows.get(code) ?? rows.get(`${code.split('.', 1)[0]}.*`);

/** Why a job, or one image of it, was not made. */
export function failureOf(providerCode: string): Failure {
  const { code, message } = find(providerCode) ?? unknown;
  return { code, message };
}

/** What an error means for a submit. A 5xx without a code is some gateway's word, not DashScope's. */
export function refusalOf(status: number, providerCode = ''): Refusal {
  const byStatus = rows.get(`${status}`) ?? rows.get(`${Math.trunc(status / 100)}xx`);
  const isDashScope = status < 500 || providerCode !== '';
  const { verdict, code, message } =
    find(providerCode) ?? (isDashScope ? byStatus : undefined) ?? unknown;
  return { verdict, failure: { code, message } };
}
