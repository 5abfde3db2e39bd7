import { expect, test } from 'vitest';
import { Problem, problemCodes } from '../../../../functions/domain/model/problem.ts';
import {
  FilesProblem,
  filesProblem,
  filesResponse,
} from '../../../../functions/domain/wire/files-envelope.ts';

test.each([
  ['request_too_large', 40_001],
  ['unsupported_file_type', 40_002],
  ['file_quota_exceeded', 40_003],
  ['file_download_failed', 40_004],
  ['storage_failed', 50_001],
  ['invalid_request', 400],
  ['unauthorized', 401],
  ['permission_denied', 403],
  ['file_not_found', 404],
  ['internal_error', 500],
] as const)('the problem %s has the published number %i', (code, number) => {
  const problem = new Problem(code, 'why', { cause: new Error('secret') });

  expect(filesProblem(problem)).toEqual({ success: false, code: number, msg: 'why' });
});

test('every problem fits the schema', () => {
  expect(problemCodes).not.toEqual([]);
  for (const code of problemCodes) {
    expect(FilesProblem.safeParse(filesProblem(new Problem(code, 'why'))).success).toBe(true);
  }
});

test('a response has its data in the published envelope', () => {
  expect(filesResponse('done', { total: 0 })).toEqual({
    success: true,
    code: 200,
    msg: 'done',
    data: { total: 0 },
  });
});
