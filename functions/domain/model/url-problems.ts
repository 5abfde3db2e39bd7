/**
 * What a caller reads about a URL that may not be used or gave no complete response. Each sentence completes
 * "callback_url …" or "image_urls[0] …".
 */
export const urlProblems = {
  // The text of the URL.
  malformed: 'must be a complete address, like https://example.com/path',
  credentials: 'must not contain a user name or a password',
  notHttps: 'must be an https address',
  notHttp: 'must be an http or https address',
  trailingDot: 'must not have a dot at the end of its host name',
  partialHostname: 'must have a full host name, like example.com',
  privateAddress: 'must not point to a private address',
  // The connection and the response.
  unresolvable: 'has a host name that cannot be resolved',
  noAddress: 'has a host name without an address',
  connectionRefused: 'refused the connection',
  connectionClosed: 'closed the connection too early',
  noResponse: 'closed the connection without an answer',
  timedOut: 'took too long to answer',
  tls: 'could not be reached over TLS; its certificate must be valid',
  invalidHttp: 'did not answer in proper HTTP',
  unknownEncoding: 'sent a response that is compressed in a way that is not known',
  notUnpacked: 'sent a compressed answer that cannot be unpacked',
  tooManyRedirects: 'redirects too many times',
  invalidRedirect: 'redirects to something that is not an address',
  unreachable: 'could not be reached',
} as const;

export const tooLong = (maxLength: number): string => `must have at most ${maxLength} characters`;
export const tooLongEncoded = (maxLength: number): string =>
  `${tooLong(maxLength)} when it is percent-encoded`;

/** A redirect to a URL that may not be used. */
export const redirectProblem = (targetProblem: string): string =>
  `redirects, and its target ${targetProblem}`;
