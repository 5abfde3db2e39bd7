// Each message is public and completes "callback_url …" or "image_urls[0] …". The name is a literal
// field, because a class name does not survive minification.

/** The address may not be used, or leads to one that may not. Nothing was sent there. */
export class AddressRefused extends Error {
  static readonly code = 'AddressRefused';
  override readonly name = AddressRefused.code;
}

/** There was no complete answer; trying again may help. */
export class Unreachable extends Error {
  static readonly code = 'Unreachable';
  override readonly name = Unreachable.code;
}

/** The answer is longer than allowed; the rest of it was not read. */
export class TooLarge extends Error {
  static readonly code = 'TooLarge';
  override readonly name = TooLarge.code;
}

export const tooLate = 'took too long to answer';

const sentences: readonly (readonly [codes: RegExp, sentence: string])[] = [
  [/^(ENOTFOUND$|ENODATA$|EAI_)/, 'has a host name that cannot be resolved'],
  [/^ECONNREFUSED$/, 'refused the connection'],
  [/^(ETIMEDOUT|ABORT_ERR)$/, tooLate],
  [/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, 'closed the connection too early'],
  [
    /^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/,
    'could not be reached over TLS; its certificate must be valid',
  ],
  [/^HPE_/, 'did not answer in proper HTTP'],
];

/** Whatever broke a request or a body, as an error that may be shown. */
export function unreachable(cause: unknown): AddressRefused | Unreachable {
  if (cause instanceof AddressRefused || cause instanceof Unreachable) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known = sentences.find(([codes]) => codes.test(code));
  return new Unreachable(known?.[1] ?? 'could not be reached', { cause });
}
