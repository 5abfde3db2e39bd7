import { age, isoTime } from './age.ts';
import type { Task } from './answers.ts';
import { type Fact, facts } from './facts.ts';

type Surroundings = {
  readonly nowMs: number;
  /** Where the results were saved, if they were: named instead of the links. */
  readonly files?: readonly string[] | undefined;
};

/** What there is to say about a task, a fact a line. */
export function taskFacts(task: Task, { nowMs, files }: Surroundings): string {
  return facts([
    ['status', task.status],
    ['progress', `${task.progress}%`],
    ['model', task.model],
    ['created', `${isoTime(task.created)} (${age(task.created, nowMs)} ago)`],
    ['credits', creditsOf(task)],
    ...endOf(task, files),
  ]);
}

function creditsOf({ usage }: Task): string {
  const { credits_used, credits_reserved } = usage;
  if (credits_used !== undefined) return `${credits_used}`;
  return credits_reserved === undefined ? '-' : `${credits_reserved} reserved`;
}

function endOf(task: Task, files: readonly string[] | undefined): readonly Fact[] {
  if (task.status === 'failed') return [['error', reasonOf(task.error)]];
  if (task.status !== 'completed') return [];
  return [
    ...(files ?? task.results).map((where): Fact => ['result', where]),
    ...task.result_errors.map((error): Fact => ['not made', reasonOf(error)]),
  ];
}

type Reason = { readonly code?: string | undefined; readonly message: string };
const reasonOf = ({ code, message }: Reason): string => (code ? `${message} (${code})` : message);
