// The contract's HTTP errors: status and type of each code (reference: the newer, string-coded
// generation of the published documentation; the codes in capitals are from its client's table).
const catalogue = {
  moved_permanently: [308, 'invalid_request_error'],
  invalid_request: [400, 'invalid_request_error'],
  invalid_task_id: [400, 'invalid_request_error'],
  file_download_failed: [400, 'invalid_request_error'],
  unauthorized: [401, 'authentication_error'],
  KEY_DISABLED: [401, 'authentication_error'],
  KEY_EXPIRED: [401, 'authentication_error'],
  insufficient_quota: [402, 'insufficient_quota'],
  KEY_QUOTA_EXHAUSTED: [402, 'insufficient_quota'],
  KEY_DAILY_QUOTA_EXHAUSTED: [402, 'insufficient_quota'],
  daily_budget_exhausted: [402, 'insufficient_quota'],
  permission_denied: [403, 'invalid_request_error'],
  KEY_MODEL_NOT_ALLOWED: [403, 'invalid_request_error'],
  not_found: [404, 'invalid_request_error'],
  task_not_found: [404, 'invalid_request_error'], // also for a task of another account: its existence is not public
  model_not_found: [404, 'invalid_request_error'],
  file_not_found: [404, 'invalid_request_error'],
  account_not_found: [404, 'invalid_request_error'],
  key_not_found: [404, 'invalid_request_error'],
  account_exists: [409, 'invalid_request_error'],
  file_quota_exceeded: [409, 'insufficient_quota'],
  idempotency_conflict: [409, 'invalid_request_error'],
  task_ended: [409, 'invalid_request_error'],
  task_not_cancellable: [409, 'invalid_request_error'],
  task_running: [409, 'invalid_request_error'],
  picture_too_large: [409, 'invalid_request_error'],
  result_expired: [410, 'invalid_request_error'],
  request_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  unsupported_file_type: [415, 'invalid_request_error'],
  rate_limit_exceeded: [429, 'rate_limit_error'],
  internal_error: [500, 'api_error'],
  storage_failed: [500, 'api_error'],
  service_unavailable: [503, 'api_error'],
} as const;

export type ProblemCode = keyof typeof catalogue;
export const problemCodes = Object.keys(catalogue) as readonly ProblemCode[];

/** The codes a failed task, or a failed image of it, can carry. */
export const taskErrorCodes = [
  'content_policy_violation',
  'invalid_parameters',
  'image_processing_error',
  'image_dimension_mismatch',
  'request_cancelled',
  'generation_failed_no_content',
  'service_error',
  'generation_timeout',
  'resource_exhausted',
  'quota_exceeded',
  'service_unavailable',
  'unknown_error',
] as const;

export type TaskErrorCode = (typeof taskErrorCodes)[number];

type Details = ErrorOptions & {
  /** The one field of the request that is wrong. */
  readonly param?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further fields of the error, which belong to the code. */
  readonly details?: Readonly<Record<string, unknown>>;
};

/** An error response: `message` is public, `cause` is for the log only. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly param: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    message: string,
    { param, headers = {}, details = {}, ...options }: Details = {},
  ) {
    super(message, options);
    this.code = code;
    this.param = param;
    this.headers = headers;
    this.details = details;
  }

  get status(): number {
    return catalogue[this.code][0];
  }

  toJSON() {
    const { code, message, param = null, details } = this;
    return { error: { code, message, type: catalogue[code][1], param, ...details } };
  }
}

/** What callers read about an error of ours. Why it happened is for the log. */
export const internalSentence = 'Something went wrong on our side.';

/** The path of a field in a body, as `param` has it: `image_urls[0]`. The body itself has none. */
export const formatPath = (path: readonly PropertyKey[]): string | undefined =>
  path.length === 0 ? undefined : path.map(formatPathPart).join('');

const formatPathPart = (part: PropertyKey, index: number): string =>
  typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`;
