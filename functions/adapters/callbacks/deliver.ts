import { isUtf8 } from 'node:buffer';
import { Webhook } from 'standardwebhooks';
import type { TestDelivery } from '../../domain/accounts/test-webhook.ts';
import { maxQuotedBytes } from '../../domain/model/receiver-response.ts';
import { parseRetryAfter } from '../../domain/model/retry-after.ts';
import { attemptTimeoutMs } from '../../domain/model/task.ts';
import type { Delivery } from '../../domain/tasks/notify-caller.ts';
import type { UrlRules } from '../outbound/check-url.ts';
import { AddressNotAllowed, Unreachable } from '../outbound/errors.ts';
import {
  guardedRequest,
  type OutboundResponse,
  readBodyStart,
} from '../outbound/guarded-request.ts';

type NoResponse = Extract<Delivery, { readonly cause: Error }>;

// How much of a response is read, although most of it is dropped: a normal server can then finish sending it.
const maxResponseBytes = 64 * 1024;

type Message = {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rules: UrlRules;
};

/**
 * Makes one attempt to deliver a callback. Returns the HTTP status, the beginning of a response that is text, and how
 * long the receiver asks us to wait; or why there was no response.
 */
export async function deliver(message: Message): Promise<Delivery> {
  const response = await post(message);
  if ('cause' in response) return response;
  const { status } = response;
  // A 2xx counts even when the body never ends.
  const start = await readBodyStart(response.body, maxQuotedBytes, maxResponseBytes);
  const text = textOf(response, start);
  const retryAfterSeconds = parseRetryAfter(response.headers['retry-after'], Date.now());
  return {
    status,
    ...(text && { text }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/**
 * Delivers a test event as a callback is delivered, and also returns how long it took until the status or the
 * failure, and the beginning of a response that is text.
 */
export async function deliverTest(message: Message): Promise<TestDelivery> {
  const started = performance.now();
  const response = await post(message);
  const ms = Math.round(performance.now() - started);
  if ('cause' in response) return { cause: response.cause, ms };
  const start = await readBodyStart(response.body, maxQuotedBytes);
  return { status: response.status, ms, text: textOf(response, start) };
}

/** @throws an error that is not the receiver's */
async function post({
  url,
  body,
  headers,
  rules,
}: Message): Promise<OutboundResponse | NoResponse> {
  try {
    return await guardedRequest(url, {
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
  } catch (error) {
    if (error instanceof AddressNotAllowed || error instanceof Unreachable) return { cause: error };
    throw error;
  }
}

const textType = /^(text\/|application\/([\w.-]+\+)?(json|xml|x-www-form-urlencoded)\b)/i;

const textOf = ({ headers }: OutboundResponse, start: Buffer): string | undefined =>
  isText(headers['content-type'], start) ? start.toString() : undefined;

/** Whether a response is text, by its type. A response without a type is text if it is UTF-8. */
const isText = (contentType: string | undefined, start: Buffer): boolean =>
  contentType === undefined ? isUtf8(start) : textType.test(contentType);

/** The headers of a signed callback, as the Standard Webhooks specification defines them. */
type SignedHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/**
 * Signs the exact bytes that are sent, once with each secret: while a secret is rotated, the receiver knows
 * only one of the two. `id` is the same for every attempt of one event.
 */
export const sign = (
  secrets: readonly string[],
  id: string,
  body: string,
  nowMs: number,
): SignedHeaders => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(nowMs / 1000)),
  'webhook-signature': secrets
    .map((secret) => new Webhook(secret).sign(id, new Date(nowMs), body))
    .join(' '),
});
