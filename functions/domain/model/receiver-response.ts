/** How much of a receiver's response is shown, in code points. */
export const maxQuotedCharacters = 200;

/** How much of it is read, in bytes: more than these characters have in UTF-8, even with control characters among them. */
export const maxQuotedBytes = 2048;

/** The beginning of an untrusted text, on one line and without invisible characters. */
export const quoteText = (text: string): string =>
  [
    ...text
      .replace(/\s+/g, ' ')
      .replace(/[\p{Cc}\p{Cf}]/gu, '')
      .trim(),
  ]
    .slice(0, maxQuotedCharacters)
    .join('');

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Why a response with this status does not count as received; it completes "callback_url …". */
export function statusProblem(status: number): string | undefined {
  if (isSuccess(status)) return undefined;
  const redirects = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return `answered with the status ${status}, and only a 2xx means that an event was received${redirects}`;
}
