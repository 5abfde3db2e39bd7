import { attemptTimeoutMs } from '../../domain/model/task.ts';
import type { Delivery } from '../../domain/tasks/notify-caller.ts';
import type { UrlRules } from '../outbound/check-url.ts';
import { AddressNotAllowed, Unreachable } from '../outbound/errors.ts';
import { discardBody, guardedRequest } from '../outbound/guarded-request.ts';

// The limit of what is read of a response and dropped: a normal server can finish sending it.
const maxResponseBytes = 64 * 1024;

type Message = {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rules: UrlRules;
};

/** Makes one attempt to deliver a callback: the HTTP status, or why there was no response. */
export async function deliver({ url, body, headers, rules }: Message): Promise<Delivery> {
  try {
    const response = await guardedRequest(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Darkroom-Callback/1',
        ...headers,
      },
      body,
      rules,
      redirects: 0,
      deadlineMs: attemptTimeoutMs,
    });
    // A 2xx counts even when the body never ends.
    await discardBody(response.body, maxResponseBytes);
    return { status: response.status };
  } catch (error) {
    if (error instanceof AddressNotAllowed || error instanceof Unreachable) return { cause: error };
    throw error;
  }
}
