import type * as z from 'zod';
import type { TaskError } from '../../functions/domain/wire/task-schemas.ts';
import type { Task } from '../api/api.ts';
import { type Field, formatAge, formatFields, formatTime } from '../program/format.ts';

type ViewContext = {
  readonly nowMs: number;
  /** Where the results were saved, if they were: printed instead of the links. */
  readonly files?: readonly string[] | undefined;
};

/** A task in fields, for a person. */
export function formatTask(task: Task, { nowMs, files }: ViewContext): string {
  return formatFields([
    ['status', task.status],
    ['progress', `${task.progress}%`],
    ['model', task.model],
    ['created', `${formatTime(task.created)} (${formatAge(task.created, nowMs)} ago)`],
    ['credits', formatCredits(task)],
    ['prompt', task.request.prompt],
    ['key', task.key.name ?? task.key.id],
    ...callbackFields(task),
    ...outcomeFields(task, files),
  ]);
}

function formatCredits({ usage }: Task): string {
  return 'credits_used' in usage ? `${usage.credits_used}` : `${usage.credits_reserved} reserved`;
}

function callbackFields({ callback }: Task): readonly Field[] {
  if (!callback) return [];
  const { status, attempt_count, attempts = [] } = callback;
  const reason = attempts.at(-1)?.reason;
  const count = `${attempt_count} ${attempt_count === 1 ? 'attempt' : 'attempts'}`;
  return [['callback', `${status}, ${count}${reason ? `: ${reason}` : ''}`]];
}

function outcomeFields(task: Task, files: readonly string[] | undefined): readonly Field[] {
  if (task.status === 'failed') return [['error', formatError(task.error)]];
  if (task.status !== 'completed') return [];
  return [
    ...(files ?? task.results).map((where): Field => ['result', where]),
    ...(task.result_errors ?? []).map((error): Field => ['not made', formatError(error)]),
  ];
}

const formatError = ({ code, message }: z.output<typeof TaskError>): string =>
  `${message} (${code})`;
