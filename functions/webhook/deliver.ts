import type { Rules } from '../network/check-url.ts';
import { AddressRefused, Unreachable } from '../network/errors.ts';
import { drain, guardedRequest } from '../network/guarded-request.ts';

/** The contract's time for one attempt, in milliseconds. */
const attemptMs = 10_000;
// The answer is read so far, so that a polite server sees its answer taken, and thrown away.
const mostAnswerBytes = 64 * 1024;

type Message = {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rules: Rules;
};

/** One attempt to tell a caller: the HTTP status, or undefined when there was no answer. */
export async function deliver({ url, body, headers, rules }: Message): Promise<number | undefined> {
  try {
    const answer = await guardedRequest(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Darkroom-Callback/1',
        ...headers,
      },
      body,
      rules,
      redirects: 0,
      deadlineMs: attemptMs,
    });
    // A 2xx counts, also when what follows it never ends.
    await drain(answer.body, mostAnswerBytes);
    return answer.status;
  } catch (error) {
    if (error instanceof AddressRefused || error instanceof Unreachable) return undefined;
    throw error;
  }
}
