type Parts = {
  /** 0: there was no response. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId?: string | undefined;
  /** In seconds. */
  readonly retryAfter?: number | undefined;
  readonly param?: string | undefined;
  readonly cause?: unknown;
};

/** The error of a request, with everything that the page shows about it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly param: string | undefined;

  constructor({ status, code, message, requestId, retryAfter, param, cause }: Parts) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.param = param;
  }

  /** Whether the same request may succeed a little later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Whether the request may have taken effect, although no response says so. */
export const isUnclear = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status === 0 || error.status >= 500;

/**
 * The error in a response: the error object of the API, or a sentence when the gateway in front of the API has responded.
 */
export function errorOf(response: Response, body: unknown): ApiError {
  const envelope = textsOf(fieldOf(body, 'error'));
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    status: response.status,
    code: envelope.code ?? `http_${response.status}`,
    message:
      envelope.message ?? sentences[response.status] ?? `The API answered ${response.status}.`,
    param: envelope.param,
    requestId: requestIdOf(response),
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
  });
}

/**
 * The id that a question about the request has to name. When the API did not respond, it is the id of the gateway in
 * front of it.
 */
export const requestIdOf = ({ headers }: Response): string | undefined =>
  headers.get('x-request-id') ?? headers.get('apigw-requestid') ?? undefined;

const sentences: Readonly<Record<number, string>> = {
  413: 'The request is too large.',
  429: 'There are too many requests at the moment.',
  500: 'Something went wrong in the API.',
  503: 'The API is not available at the moment.',
  504: 'The API took too long to answer.',
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

const textsOf = (value: unknown) => {
  const text = (name: string) => {
    const found = fieldOf(value, name);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  return { code: text('code'), message: text('message'), param: text('param') };
};
