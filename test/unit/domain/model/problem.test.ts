import { expect, test } from 'vitest';
import {
  Problem,
  type ProblemCode,
  problemCodes,
} from '../../../../functions/domain/model/problem.ts';

const published: Record<ProblemCode, readonly [status: number, type: string]> = {
  moved_permanently: [308, 'invalid_request_error'],
  invalid_request: [400, 'invalid_request_error'],
  invalid_task_id: [400, 'invalid_request_error'],
  file_download_failed: [400, 'invalid_request_error'],
  unauthorized: [401, 'authentication_error'],
  KEY_DISABLED: [401, 'authentication_error'],
  KEY_EXPIRED: [401, 'authentication_error'],
  insufficient_quota: [402, 'insufficient_quota'],
  KEY_QUOTA_EXHAUSTED: [402, 'insufficient_quota'],
  KEY_DAILY_QUOTA_EXHAUSTED: [402, 'insufficient_quota'],
  daily_budget_exhausted: [402, 'insufficient_quota'],
  permission_denied: [403, 'invalid_request_error'],
  KEY_MODEL_NOT_ALLOWED: [403, 'invalid_request_error'],
  not_found: [404, 'invalid_request_error'],
  task_not_found: [404, 'invalid_request_error'],
  model_not_found: [404, 'invalid_request_error'],
  file_not_found: [404, 'invalid_request_error'],
  account_not_found: [404, 'invalid_request_error'],
  key_not_found: [404, 'invalid_request_error'],
  account_exists: [409, 'invalid_request_error'],
  file_quota_exceeded: [409, 'insufficient_quota'],
  idempotency_conflict: [409, 'invalid_request_error'],
  task_ended: [409, 'invalid_request_error'],
  task_not_cancellable: [409, 'invalid_request_error'],
  task_running: [409, 'invalid_request_error'],
  picture_too_large: [409, 'invalid_request_error'],
  result_expired: [410, 'invalid_request_error'],
  request_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  unsupported_file_type: [415, 'invalid_request_error'],
  rate_limit_exceeded: [429, 'rate_limit_error'],
  internal_error: [500, 'api_error'],
  storage_failed: [500, 'api_error'],
  service_unavailable: [503, 'api_error'],
};

test('every code of the contract exists', () => {
  expect([...problemCodes].sort()).toEqual(Object.keys(published).sort());
});

test.each(problemCodes)('%s has the status and type of the contract', (code) => {
  const problem = new Problem(code, 'why', { param: 'field' });

  const [status, type] = published[code];
  expect(problem.status).toBe(status);
  expect(problem.toJSON()).toEqual({ error: { code, message: 'why', type, param: 'field' } });
});

test('the details of an error are fields beside its code', () => {
  const problem = new Problem('KEY_DISABLED', 'why', { details: { key_name: 'website' } });

  expect(problem.toJSON().error).toEqual({
    code: 'KEY_DISABLED',
    message: 'why',
    type: 'authentication_error',
    param: null,
    key_name: 'website',
  });
});

test('the cause stays out of the response', () => {
  const problem = new Problem('internal_error', 'why', { cause: new Error('secret') });

  expect(JSON.stringify(problem)).toBe(
    '{"error":{"code":"internal_error","message":"why","type":"api_error","param":null}}',
  );
  expect(problem.cause).toEqual(new Error('secret'));
});
