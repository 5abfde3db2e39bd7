import { type Answer, json } from './call.ts';
import type { Failure, Refusal } from './codes.ts';
import { type Kind, kindOf } from './kinds.ts';

type Said = {
  /** HTTP status, code and type of a refused request. */
  readonly refused: readonly [status: number, code: string, type: string];
  /** Code of a failed task. */
  readonly failed: string;
};

const badRequest = 'invalid_request_error';
const words: Readonly<Record<Kind, Said>> = {
  input: { refused: [400, 'invalid_request', badRequest], failed: 'invalid_parameters' },
  picture: { refused: [400, 'invalid_request', badRequest], failed: 'image_processing_error' },
  policy: { refused: [400, 'content_filter', badRequest], failed: 'content_policy_violation' },
  key: { refused: [401, 'unauthorized', 'authentication_error'], failed: 'service_error' },
  money: { refused: [402, 'insufficient_quota', 'insufficient_quota'], failed: 'quota_exceeded' },
  access: { refused: [403, 'model_access_denied', badRequest], failed: 'service_unavailable' },
  busy: { refused: [429, 'rate_limit_exceeded', 'rate_limit_error'], failed: 'resource_exhausted' },
  timeout: { refused: [500, 'internal_error', 'api_error'], failed: 'generation_timeout' },
  unavailable: { refused: [503, 'model_unavailable', 'api_error'], failed: 'service_unavailable' },
  crash: { refused: [500, 'internal_error', 'api_error'], failed: 'service_error' },
};

export function refuse({ code, message }: Refusal): Answer {
  const [status, said, type] = words[kindOf(code)].refused;
  return problem(status, said, message, type);
}

export const problem = (status: number, code: string, message: string, type = badRequest): Answer =>
  json(status, { error: { code, message, type } });

export const taskError = ({ code, message }: Failure) => ({
  ...{ code: words[kindOf(code)].failed, message, type: 'task_error' },
});
