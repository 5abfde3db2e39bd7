/** The vendor's error codes as its documentation lists them: HTTP status and example message. */
const catalogue = {
  InvalidParameter: [
    400,
    'Required parameter(s) missing or invalid, please check the request parameters.',
  ],
  'InvalidParameter.DataInspection': [
    400,
    'Unable to download the media resource during the data inspection process.',
  ],
  InvalidURL: [400, 'Invalid URL provided in your request.'],
  'InvalidImage.FileFormat': [
    400,
    'Invalid image type. Please ensure the uploaded file is a valid image.',
  ],
  DataInspectionFailed: [400, 'Input or output data may contain inappropriate content.'],
  IPInfringementSuspect: [400, 'Input data is suspected of being involved in IP infringement.'],
  Arrearage: [400, 'Access denied, please make sure your account is in good standing.'],
  UnsupportedOperation: [400, 'The operation is unsupported on the referee object.'],
  InvalidApiKey: [401, 'Invalid API-key provided.'],
  AccessDenied: [403, 'Access denied.'],
  'Workspace.AccessDenied': [403, 'Workspace access denied.'],
  'Model.AccessDenied': [403, 'Model access denied.'],
  'AccessDenied.Unpurchased': [
    403,
    'Access to model denied, please make sure you are eligible for it.',
  ],
  'AllocationQuota.FreeTierOnly': [403, 'The free tier of the model has been exhausted.'],
  ModelNotFound: [404, 'Model can not be found.'],
  WorkSpaceNotFound: [404, 'WorkSpace can not be found.'],
  RequestTimeOut: [408, 'Request timed out, please try again later.'],
  'BadRequest.TooLarge': [413, 'Payload Too Large.'],
  'BadRequest.InputDownloadFailed': [415, 'Failed to download the input file.'],
  'BadRequest.UnsupportedFileFormat': [415, 'Input file format is not supported.'],
  Throttling: [429, 'Requests throttling triggered.'],
  'Throttling.RateQuota': [429, 'Requests rate limit exceeded, please try again later.'],
  'Throttling.BurstRate': [429, 'Request rate increased too quickly.'],
  'Throttling.AllocationQuota': [
    429,
    'Allocated quota exceeded, please increase your quota limit.',
  ],
  LimitRequests: [429, 'You exceeded your current requests list.'],
  PrepaidBillOverdue: [429, 'The prepaid bill is overdue.'],
  PostpaidBillOverdue: [429, 'The postpaid bill is overdue.'],
  CommodityNotPurchased: [429, 'Commodity has not purchased yet.'],
  InternalError: [
    500,
    'An internal error has occurred, please try again later or contact service support.',
  ],
  'InternalError.Algo': [
    500,
    'An internal error has occurred during execution, please try again later.',
  ],
  'InternalError.Timeout': [
    500,
    'An internal timeout error has occurred during execution, please try again later.',
  ],
  SystemError: [500, 'A system error has occurred, please try again later.'],
  RewriteFailed: [500, 'Failed to rewrite content for prompt.'],
  ModelServiceFailed: [500, 'Failed to request model service.'],
  ModelUnavailable: [503, 'Model is unavailable, please try again later.'],
} as const;

export type ErrorCode = keyof typeof catalogue;

/** Why a job or one of its images failed. */
export type JobFailure = { readonly code: ErrorCode; readonly message: string };

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(catalogue, text);

export const jobFailure = (code: ErrorCode, message: string = catalogue[code][1]): JobFailure => ({
  code,
  message,
});

/** A rejection: thrown by a route it becomes an error response, thrown in a job it ends the job. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = catalogue[code][1], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return catalogue[this.code][0];
  }
}

/** The category of an error code, by which the other providers' APIs choose their own code. */
export type ErrorCategory =
  | 'input'
  | 'picture'
  | 'policy'
  | 'key'
  | 'money'
  | 'access'
  | 'busy'
  | 'timeout'
  | 'unavailable'
  | 'crash';

// The first line that matches wins; everything else is a bad request.
const table: readonly (readonly [code: RegExp, kind: ErrorCategory])[] = [
  [/^(InvalidURL|InvalidParameter\.DataInspection|InvalidImage|BadRequest\.[IU])/, 'picture'],
  [/^(DataInspectionFailed|IPInfringementSuspect)/, 'policy'],
  [/^InvalidApiKey/, 'key'],
  [/^(Arrearage|AllocationQuota|\w+BillOverdue|CommodityNotPurchased)/, 'money'],
  [/AccessDenied|NotFound$/, 'access'],
  [/^(Throttling|LimitRequests)/, 'busy'],
  [/Time[oO]ut$/, 'timeout'],
  [/^ModelUnavailable/, 'unavailable'],
  [/^(InternalError|SystemError|RewriteFailed|ModelServiceFailed)/, 'crash'],
];

export const categoryOf = (code: ErrorCode): ErrorCategory =>
  table.find(([pattern]) => pattern.test(code))?.[1] ?? 'input';
