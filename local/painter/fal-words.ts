import { type Answer, json } from './call.ts';
import type { Failure, Refusal } from './codes.ts';
import { type Kind, kindOf } from './kinds.ts';

type Said = {
  readonly status: number;
  /** A model's error stands in a list, of this type. */
  readonly type?: string;
  /** An error of the platform is this one word. */
  readonly errorType?: string;
};

const words: Readonly<Record<Kind, Said>> = {
  input: { status: 422, type: 'value_error' },
  picture: { status: 422, type: 'image_load_error' },
  policy: { status: 422, type: 'content_policy_violation' },
  key: { status: 401 },
  money: { status: 403 },
  access: { status: 404 },
  busy: { status: 429 },
  timeout: { status: 504, errorType: 'request_timeout' },
  unavailable: { status: 503, errorType: 'runner_scheduling_failure' },
  crash: { status: 500, type: 'internal_server_error' },
};

/** An error as an answer, be it to a submit or in the place of a result. */
export function problem({ code, message }: Failure | Refusal): Answer {
  const { status, type, errorType } = words[kindOf(code)];
  if (errorType) {
    const headers = { 'X-Fal-Error-Type': errorType };
    return json(status, { detail: message, error_type: errorType }, headers);
  }
  return json(status, { detail: type ? [{ loc: ['body'], msg: message, type }] : message });
}

/** What the status of a failed request adds: the word, where the platform has one. */
export function traces({ code, message }: Failure) {
  const { errorType } = words[kindOf(code)];
  return errorType ? { error: message, error_type: errorType } : {};
}

export const cancelled = {
  status: 499,
  body: { detail: 'The request was cancelled by the client.', error_type: 'client_cancelled' },
};
