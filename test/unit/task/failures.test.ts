import { expect, test } from 'vitest';
import * as failures from '../../../functions/task/failures.ts';

const failure = { code: 'service_error', message: 'why' } as const;

test.each([
  ['ProviderBusy', failures.ProviderBusy, new failures.ProviderBusy('why')],
  ['ProviderRefused', failures.ProviderRefused, new failures.ProviderRefused(failure)],
  ['SubmitUnknown', failures.SubmitUnknown, new failures.SubmitUnknown('why')],
  ['InputRefused', failures.InputRefused, new failures.InputRefused(failure)],
  ['InputUnavailable', failures.InputUnavailable, new failures.InputUnavailable('why')],
  ['ResultUnavailable', failures.ResultUnavailable, new failures.ResultUnavailable('why')],
  ['TaskRefused', failures.TaskRefused, new failures.TaskRefused('why')],
  ['CallbackRefused', failures.CallbackRefused, new failures.CallbackRefused('why')],
])('%s carries the name that the state machine matches', (name, { code }, error) => {
  expect(code).toBe(name);
  expect(error.name).toBe(name);
  expect(error.message).toBe('why');
});

test('a refusal is the caller’s own matter unless it says otherwise', () => {
  expect(new failures.ProviderRefused(failure).operatorMustAct).toBe(false);
});
