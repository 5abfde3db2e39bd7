import { type Field, formatFields, formatTime } from '../program/format.ts';
import type { AdminTask } from './admin-api.ts';

/** A task with its internals in fields, for the operator. Fields without a value are left out. */
export function formatAdminTask(task: AdminTask): string {
  const { internals } = task;
  const fields: readonly (readonly [string, string | number | null])[] = [
    ['task', task.id],
    ['account', `${task.account} (${task.user_group})`],
    ['key', task.key_id],
    ['model', `${task.model}, n ${task.n}`],
    ['status', task.status],
    ['error', task.code && `${task.message ?? ''} (${task.code})`],
    ['credits', `${task.credits_reserved} reserved, ${task.credits_used ?? 0} used`],
    ['created', time(task.created_at)],
    ['started', time(task.started_at)],
    ['submitted', time(task.submitted_at)],
    ['cancel requested', time(task.cancel_requested_at)],
    ['completed', time(task.completed_at)],
    ['deadline', time(task.deadline_at)],
    ['expires', time(task.expires_at)],
    ['provider', task.provider],
    ['ticket', internals.ticket],
    ['execution', internals.execution],
    ['missing uploads', internals.missing_uploads || null],
    ['busy', internals.busy_count && `${internals.busy_count} times`],
    ['polled', time(internals.polled_at)],
    ['provider webhook', time(internals.provider_webhook_at)],
    ['submit lock', time(internals.submit_locked_at)],
    ['waits', internals.is_waiting ? 'yes, and can be woken: `darkroom admin check`' : null],
    ['outcome', internals.outcome],
    ['next check', time(internals.next_check_at)],
    ['callback', task.callback && `${task.callback}${hostOf(task)}`],
  ];
  return formatFields([
    ...fields.flatMap(([name, text]): Field[] => (text ? [[name, `${text}`]] : [])),
    ...attemptFields(task),
  ]);
}

const time = (seconds: number | null): string | null =>
  seconds === null ? null : formatTime(seconds);

const hostOf = ({ callback_attempts: attempts }: AdminTask): string =>
  attempts ? `, ${attempts.count} attempts at ${attempts.host}` : '';

const attemptFields = ({ callback_attempts: attempts }: AdminTask): Field[] =>
  (attempts?.last ?? []).map(({ at, ms, status, reason }): Field => {
    const outcome = status === null ? 'no answer' : `answered ${status}`;
    return ['attempt', `${formatTime(at)} ${outcome} after ${ms} ms${reason ? `: ${reason}` : ''}`];
  });
