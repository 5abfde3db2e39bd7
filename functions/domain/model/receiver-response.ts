/** The most that is shown of what a receiver answered, in code points. */
export const maxQuotedCharacters = 200;

/** More than these characters have in UTF-8, with control characters among them. */
export const maxQuotedBytes = 2048;

/** The beginning of a text that a stranger wrote, on one line and without characters that are not seen. */
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

/** Why a response with this status means that nothing was received; it completes "callback_url …". */
export function statusProblem(status: number): string | undefined {
  if (isSuccess(status)) return undefined;
  const redirects = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return `answered with the status ${status}, and only a 2xx means that an event was received${redirects}`;
}
