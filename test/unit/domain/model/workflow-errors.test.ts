import { expect, test } from 'vitest';
import * as failures from '../../../../functions/domain/model/workflow-errors.ts';

const failure = { code: 'service_error', message: 'why' } as const;

test.each([
  ['ProviderBusy', failures.ProviderBusy, new failures.ProviderBusy('why')],
  ['ProviderRejected', failures.ProviderRejected, new failures.ProviderRejected(failure)],
  ['SubmitUnknown', failures.SubmitUnknown, new failures.SubmitUnknown('why')],
  ['InputRejected', failures.InputRejected, new failures.InputRejected(failure)],
  ['InputUnavailable', failures.InputUnavailable, new failures.InputUnavailable('why')],
  ['ResultUnavailable', failures.ResultUnavailable, new failures.ResultUnavailable('why')],
  ['TaskFailed', failures.TaskFailed, new failures.TaskFailed('why')],
  ['CallbackFailed', failures.CallbackFailed, new failures.CallbackFailed('why')],
])('%s carries the name that the state machine matches', (name, { code }, error) => {
  expect(code).toBe(name);
  expect(error.name).toBe(name);
  expect(error.message).toBe('why');
});

test('a rejection is about the job unless it says that the operator must act', () => {
  expect(new failures.ProviderRejected(failure).operatorMustAct).toBe(false);
});
