import type { Started } from '../task/ports.ts';
import type { CallbackRecord, Outcome } from '../task/task.ts';
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

export const started = ({ startedAt, deadlineAt }: Started): Change => ({
  set: 'SET startedAt = if_not_exists(startedAt, :startedAt), deadlineAt = if_not_exists(deadlineAt, :deadlineAt) REMOVE dueAt, dueShard',
  values: { ':startedAt': startedAt, ':deadlineAt': deadlineAt },
});

// The client sends a write again whose answer was lost: by `asker` it knows its own mark, and does
// not take it for that of a try whose outcome is unknown.
export const submitting = (provider: string, at: number, asker: string): Change => ({
  set: 'SET submittingAt = :at, provider = :provider, asker = :asker',
  values: { ':at': at, ':provider': provider, ':asker': asker },
  condition:
    '#status = :pending AND attribute_not_exists(outcome) AND (attribute_not_exists(submittingAt) OR asker = :asker)',
});

export const notSubmitted: Change = {
  set: 'REMOVE submittingAt, asker',
  condition: 'attribute_not_exists(ticket)',
};

export const submitted = (ticket: string, at: number): Change => ({
  set: 'SET #status = :processing, ticket = :ticket, submittedAt = :at',
  values: { ':ticket': ticket, ':at': at },
});

export const waiting = (wakeToken: string): Change => ({
  set: 'SET wakeToken = :token',
  values: { ':token': wakeToken },
});

export const ended = (outcome: Outcome): Change => ({
  set: 'SET outcome = :outcome',
  values: { ':outcome': outcome },
  condition: 'attribute_not_exists(outcome)',
});

export const calledBack = (record: CallbackRecord): Change => ({
  set: 'SET callback = :record',
  values: { ':record': record },
});
