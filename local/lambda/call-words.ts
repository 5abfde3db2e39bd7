type Sent = {
  readonly method: string;
  readonly url: URL;
  readonly authorization?: string | undefined;
  /** The header `x-amz-target`. */
  readonly target?: string | undefined;
};

/**
 * An outgoing call in words that are the same in every run: `dynamodb TransactWriteItems`,
 * `s3 PutObject`, `POST 127.0.0.1 /api/v1/tasks/…`.
 */
export function callWords({ method, url, authorization = '', target = '' }: Sent): string {
  const [, service] = /\/([a-z0-9-]+)\/aws4_request\b/.exec(authorization) ?? [];
  if (service === undefined) return `${method} ${url.hostname} ${pathWords(url.pathname)}`;
  const operation = target.split('.').at(-1) || url.searchParams.get('x-id');
  return `${service} ${operation || method}`;
}

// Short lower-case words with one digit at most; everything else may be an id or a secret.
const word = /^(?=.{0,24}$)[a-z-]*\d?[a-z.-]*$/;

const pathWords = (path: string): string =>
  path
    .split('/')
    .map((segment) => (word.test(segment) ? segment : '…'))
    .join('/');
