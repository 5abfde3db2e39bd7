import type { Started } from '../task/ports.ts';
import type { ProviderName } from '../task/provider.ts';
import type { CallbackRecord, Outcome, Wording } from '../task/task.ts';
import { dueShard } from './task-row.ts';
import type { Row } from './update.ts';

/** One conditional write on a task. Every change but the callback's asks that the task has not ended. */
export type Change = {
  readonly set: string;
  readonly values?: Row;
  readonly condition?: string;
};

export const uploadArrived = (index: number): Change => ({
  set: 'ADD arrived :index',
  values: { ':index': new Set([index]) },
});

export const started = ({ startedAt, deadlineAt, dueAt }: Started): Change => ({
  set: 'SET startedAt = if_not_exists(startedAt, :startedAt), deadlineAt = if_not_exists(deadlineAt, :deadlineAt), dueAt = :dueAt',
  values: { ':startedAt': startedAt, ':deadlineAt': deadlineAt, ':dueAt': dueAt },
});

export const cancelled = (at: number): Change => ({
  set: 'SET cancelledAt = if_not_exists(cancelledAt, :at)',
  values: { ':at': at },
});

export const restarted = (execution: number, dueAt: number): Change => ({
  set: 'SET execution = :execution, dueAt = :dueAt',
  values: { ':execution': execution, ':dueAt': dueAt, ':one': 1, ':before': execution - 1 },
  condition: '(execution = :before OR (attribute_not_exists(execution) AND :before = :one))',
});

type Mark = {
  readonly provider: ProviderName;
  readonly at: number;
  readonly asker: string;
  readonly wording?: Wording | undefined;
};

// The client sends a write again whose answer was lost: by `asker` it knows its own mark, and does
// not take it for that of a try whose outcome is unknown.
export const submitting = ({ provider, at, asker, wording }: Mark): Change => ({
  set: `SET submittingAt = :at, provider = :provider, asker = :asker${wording ? ', wording = :wording' : ''}`,
  values: { ':at': at, ':provider': provider, ':asker': asker, ':wording': wording },
  condition:
    '#status = :pending AND attribute_not_exists(outcome) AND attribute_not_exists(cancelledAt) AND (attribute_not_exists(deadlineAt) OR deadlineAt > :at) AND (attribute_not_exists(submittingAt) OR asker = :asker)',
});

export const submittingAgain = (provider: ProviderName, seen: number, at: number): Change => ({
  set: 'SET submittingAt = :at',
  values: { ':at': at, ':seen': seen, ':provider': provider },
  condition:
    '#status = :pending AND attribute_not_exists(outcome) AND provider = :provider AND submittingAt = :seen',
});

export const notSubmitted = (markedAt: number): Change => ({
  set: 'REMOVE submittingAt, asker, wording ADD refusals :one',
  values: { ':one': 1, ':markedAt': markedAt },
  condition: '#status = :pending AND submittingAt = :markedAt',
});

export const submitted = (ticket: string, at: number, expectedSeconds?: number): Change => ({
  set: `SET #status = :processing, ticket = :ticket, submittedAt = :at${expectedSeconds === undefined ? '' : ', expectedSeconds = :expected'} REMOVE wording`,
  values: { ':ticket': ticket, ':at': at, ':expected': expectedSeconds },
});

export const providerCalled = (provider: ProviderName, at: number): Change => ({
  set: 'SET calledBackAt = :at',
  values: { ':at': at, ':provider': provider },
  condition: 'provider = :provider',
});

export const waiting = (wakeToken: string): Change => ({
  set: 'SET wakeToken = :token',
  values: { ':token': wakeToken },
});

export const ended = (outcome: Outcome, at?: number): Change => ({
  set: `SET outcome = :outcome${at === undefined ? '' : ', outcomeAt = :at'}`,
  values: { ':outcome': outcome, ':at': at },
  condition: 'attribute_not_exists(outcome)',
});

/** What became of telling the caller, and when that is due again; with no time it is nobody's business any more. */
export const calledBack = (id: string, record: CallbackRecord, dueAt?: number): Change =>
  dueAt === undefined
    ? {
        set: 'SET callback = :record REMOVE dueAt, dueShard',
        values: { ':record': record, ...unlessTold(record) },
      }
    : {
        set: 'SET callback = :record, dueAt = :dueAt, dueShard = :shard',
        values: {
          ...{ ':record': record, ':dueAt': dueAt, ':shard': dueShard(id) },
          ...unlessTold(record),
        },
      };

const unlessTold = ({ state }: CallbackRecord): Row =>
  state === 'failing' || state === 'undelivered' ? { ':delivered': 'delivered' } : {};

/** Of two attempts at once, the one that failed does not hide the one that was heard. */
export const notYetTold = ({ state }: CallbackRecord): string =>
  state === 'delivered' || state === 'owed'
    ? 'attribute_exists(id)'
    : 'attribute_exists(id) AND (attribute_not_exists(callback) OR callback.#state <> :delivered)';

export const looked = (seen: number, next: number): Change => ({
  set: 'SET dueAt = :next',
  values: { ':seen': seen, ':next': next },
});
