import type { Rules } from '../network/check-url.ts';
import { drain, guardedRequest } from '../network/guarded-request.ts';
import { type Spooled, spool } from '../network/spool.ts';

export type Download = {
  readonly rules: Rules;
  readonly redirects: number;
  readonly maxBytes: number;
  readonly deadlineMs: number;
};

/** What came: the file on disk, or only the status of an answer that was none. */
export type Downloaded =
  | { readonly status: number; readonly file: Spooled; readonly contentType: string }
  | { readonly status: number; readonly file: undefined };

/**
 * Fetches a picture from an address we did not choose to a file on disk, never whole into memory.
 * The caller disposes of the file.
 * @throws {AddressRefused | Unreachable | TooLarge}
 */
export async function download(url: string, options: Download): Promise<Downloaded> {
  const { maxBytes, ...request } = options;
  const answer = await guardedRequest(url, {
    method: 'GET',
    headers: { accept: 'image/*' },
    ...request,
  });
  const { status, headers, body } = answer;
  if (status !== 200) {
    await drain(body, 0);
    return { status, file: undefined };
  }
  return {
    status,
    file: await spool(body, { maxBytes }),
    contentType: headers['content-type'] ?? '',
  };
}
