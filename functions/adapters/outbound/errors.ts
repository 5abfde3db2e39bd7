import { urlProblems } from '../../domain/model/url-problems.ts';

// Each message is one of `urlProblems`: it is public, and may be logged. The name is a literal field, because a class
// name does not survive minification.

/** The URL, or one that it leads to, may not be used. Nothing was sent there. */
export class AddressNotAllowed extends Error {
  static readonly code = 'AddressNotAllowed';
  override readonly name = AddressNotAllowed.code;
  readonly logReason = this.message;
}

/** There was no complete response; a retry may help. */
export class Unreachable extends Error {
  static readonly code = 'Unreachable';
  override readonly name = Unreachable.code;
  readonly logReason = this.message;
}

/** The body is longer than allowed; the rest of it was not read. */
export class TooLarge extends Error {
  static readonly code = 'TooLarge';
  override readonly name = TooLarge.code;
}

const problemsByCode: readonly (readonly [codes: RegExp, problem: string])[] = [
  [/^(ENOTFOUND$|ENODATA$|EAI_)/, urlProblems.unresolvable],
  [/^ECONNREFUSED$/, urlProblems.connectionRefused],
  [/^(ETIMEDOUT|ABORT_ERR)$/, urlProblems.timedOut],
  [/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, urlProblems.connectionClosed],
  [/^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/, urlProblems.tls],
  [/^HPE_/, urlProblems.invalidHttp],
  [/^(Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI_)/, urlProblems.notUnpacked],
];

/** Turns the error of a request or a body into one whose message is public. */
export function toUnreachable(cause: unknown): AddressNotAllowed | Unreachable {
  if (cause instanceof AddressNotAllowed || cause instanceof Unreachable) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known = problemsByCode.find(([codes]) => codes.test(code));
  return new Unreachable(known?.[1] ?? urlProblems.unreachable, { cause });
}
