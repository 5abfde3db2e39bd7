import {
  type ApiKey,
  type Caller,
  hashOfKey,
  keyIdOf,
} from '../../functions/domain/model/api-key.ts';
import type { Act } from '../../functions/domain/model/audit.ts';
import type {
  Completed,
  DeletedTask,
  Failed,
  Pending,
  Processing,
  WithRequest,
} from '../../functions/domain/model/task.ts';

/** The moment the published sample was made, in milliseconds. */
export const sampleTime = 1_757_156_493_000;
export const sampleId = 'task-unified-1757156493-imcg5zqt';

export const sampleCaller: Caller = {
  keyId: 'key-0123456789abcdef',
  keyName: 'sample',
  account: 'default',
  userGroup: 'default',
  scopes: ['generate'],
  timeZone: 'UTC',
  requestsPerMinute: 300,
};

/** What the operator does in a sample. */
export const sampleAct: Act = {
  operation: 'changeAccount',
  at: sampleTime,
  actorKeyId: 'key-00000000000000ad',
  actorKeyName: 'operator',
  requestId: 'request',
};

/** The key of the sample's caller, as it is stored; another account has its own. */
export const sampleKey = (more: Partial<ApiKey> = {}): ApiKey => ({
  keyId: keyOf(more.account ?? sampleCaller.account),
  hash: 'hash of the sample',
  lastFour: 'a1B2',
  account: sampleCaller.account,
  name: sampleCaller.keyName,
  scopes: sampleCaller.scopes,
  enabled: true,
  createdAt: sampleTime,
  timeZone: 'UTC',
  ...more,
});

/** The id of an account's sample key. */
export const keyOf = (account: string): string =>
  account === sampleCaller.account ? sampleCaller.keyId : keyIdOf(hashOfKey(account));

const basics = {
  id: sampleId,
  account: sampleCaller.account,
  keyId: sampleCaller.keyId,
  userGroup: sampleCaller.userGroup,
  model: 'wan2.5-image-to-image',
  prompt: 'Replace the background with a starry sky',
  n: 1,
  options: {},
  inputs: [{ kind: 'url', url: 'https://example.com/cat.png' }],
  createdAt: sampleTime,
  reserved: 1200,
} as const;

const submission = {
  startedAt: sampleTime + 1000,
  deadlineAt: sampleTime + 901_000,
  submitLockedAt: sampleTime + 2000,
  provider: 'dashscope',
  ticket: 'ticket-1',
  submittedAt: sampleTime + 3000,
} as const;

/** A task as it is written first. */
export const pending = (more: Partial<WithRequest<Pending>> = {}): WithRequest<Pending> => ({
  ...basics,
  ...(more.inputs && { uploadCount: more.inputs.filter(({ kind }) => kind === 'upload').length }),
  status: 'pending',
  nextCheckAt: sampleTime + 60_000,
  ...more,
});

/** A task that a provider has accepted. */
export const processing = (
  more: Partial<WithRequest<Processing>> = {},
): WithRequest<Processing> => ({
  ...basics,
  ...submission,
  status: 'processing',
  ...more,
});

/** A task that ended with all its images. */
export const completed = (more: Partial<WithRequest<Completed>> = {}): WithRequest<Completed> => ({
  ...basics,
  status: 'completed',
  finishedAt: sampleTime + 40_000,
  charged: 1200,
  images: [{ key: `results/${sampleId}/1`, contentType: 'image/png', bytes: 1000 }],
  failures: [],
  ...more,
});

/** A task that ended without any image. */
export const failed = (more: Partial<WithRequest<Failed>> = {}): WithRequest<Failed> => ({
  ...basics,
  status: 'failed',
  finishedAt: sampleTime + 40_000,
  charged: 0,
  failure: { code: 'content_policy_violation', message: 'The prompt was refused.' },
  ...more,
});

/** The record of a task that ended with all its images and was deleted a minute later. */
export const deleted = (more: Partial<DeletedTask> = {}): DeletedTask => ({
  status: 'deleted',
  id: sampleId,
  owner: sampleCaller.account,
  keyId: sampleCaller.keyId,
  userGroup: sampleCaller.userGroup,
  model: basics.model,
  n: basics.n,
  createdAt: sampleTime,
  finishedAt: sampleTime + 40_000,
  endedAs: 'completed',
  imageCount: 1,
  reserved: 1200,
  charged: 1200,
  deletedAt: sampleTime + 100_000,
  ...more,
});
