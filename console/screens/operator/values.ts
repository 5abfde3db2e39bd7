import type { components } from '../../api/schema.d.ts';

type Task = components['schemas']['AdminTask'];
type Operation = components['schemas']['AuditList']['data'][number]['operation'];

// If the API has a value that this file lacks, this file does not compile.

const codeTexts: Readonly<Record<NonNullable<Task['code']>, string>> = {
  content_policy_violation: 'content_policy_violation',
  invalid_parameters: 'invalid_parameters',
  image_processing_error: 'image_processing_error',
  image_dimension_mismatch: 'image_dimension_mismatch',
  request_cancelled: 'request_cancelled',
  generation_failed_no_content: 'generation_failed_no_content',
  service_error: 'service_error',
  generation_timeout: 'generation_timeout',
  resource_exhausted: 'resource_exhausted',
  quota_exceeded: 'quota_exceeded',
  service_unavailable: 'service_unavailable',
  unknown_error: 'unknown_error',
};

/** Only tasks of test mode use the sandbox, and they have a filter of their own. */
type LiveProvider = Exclude<NonNullable<Task['provider']>, 'sandbox'>;
const providerTexts: Readonly<Record<LiveProvider, string>> = {
  dashscope: 'dashscope',
  evolink: 'evolink',
  fal: 'fal',
};

/** No choice means live. */
export const modes = [['test', 'test']] as const;

const statusTexts: Readonly<Record<Task['status'], string>> = {
  pending: 'waiting',
  processing: 'working',
  completed: 'completed',
  failed: 'failed',
};

export const callbackTexts: Readonly<Record<NonNullable<Task['callback']>, string>> = {
  pending: 'not sent yet',
  retrying: 'being tried again',
  delivered: 'delivered',
  undelivered: 'given up',
};

export const operationTexts: Readonly<Record<Operation, string>> = {
  createAccount: 'made an account',
  changeAccount: 'changed an account',
  rotateSecret: 'replaced a webhook secret',
  creditAccount: 'granted or withdrew credits',
  createKey: 'made a key',
  changeKey: 'changed a key',
  deleteKey: 'deleted a key',
  cancelAnyTask: 'cancelled a task',
  redeliverAnyCallback: 'sent a callback again',
  redeliverAccountCallbacks: 'sent callbacks of an account again',
  checkTask: 'checked a task',
  openConsole: 'signed in to the console',
  issueConsoleCode: 'asked for a link to the console',
  issueKey: 'issued a key with AWS permissions',
};

const entriesOf = <Value extends string>(texts: Readonly<Record<Value, string>>) =>
  Object.entries(texts) as [Value, string][];

export const codes = entriesOf(codeTexts);
export const providers = entriesOf(providerTexts);
export const statuses = entriesOf(statusTexts);
export const callbackStates = entriesOf(callbackTexts);
export const operations = entriesOf(operationTexts);

export const valuesOf = <Value extends string>(
  entries: readonly (readonly [Value, string])[],
): readonly Value[] => entries.map(([value]) => value);
