import { taskError } from './evolink-words.ts';
import { type Job, type Status, statusOf } from './jobs.ts';
import { picturesOf } from './results.ts';

const words: Readonly<Record<Status, string>> = {
  PENDING: 'pending',
  RUNNING: 'processing',
  SUCCEEDED: 'completed',
  FAILED: 'failed',
  CANCELED: 'failed',
};

/** A task as EvoLink shows it, when asked and when it calls back. */
export function view(job: Job, now: number, linkTo: (n: number) => string) {
  const status = statusOf(job, now);
  const task = { ...basics(job), status: words[status] };
  if (status === 'PENDING') return { ...task, progress: 0 };
  if (status === 'RUNNING') return { ...task, progress: 50 };
  const over = { ...task, task_info: { can_cancel: false } };
  if (status === 'SUCCEEDED') {
    // Fewer than were ordered, where some were not made: it lists no failures.
    return { ...over, progress: 100, results: picturesOf(job).map(({ n }) => linkTo(n)) };
  }
  return { ...over, progress: 0, error: errorOf(job) };
}

/** The answer to a submit. */
export const created = (job: Job) => ({
  ...basics(job),
  task_info: { can_cancel: true, estimated_time: Math.ceil(job.fate.seconds) },
  usage: { billing_rule: 'per_call', credits_reserved: 1.2 * job.order.n, user_group: 'default' },
});

const basics = ({ id, submittedAt }: Job) => ({
  created: Math.floor(submittedAt / 1000),
  id,
  model: 'wan2.5-image-to-image',
  object: 'image.generation.task',
  progress: 0,
  status: 'pending',
  task_info: { can_cancel: true },
  type: 'image',
});

const errorOf = ({ result }: Job) =>
  result && 'failure' in result
    ? taskError(result.failure)
    : { code: 'request_cancelled', message: 'The task was cancelled.', type: 'task_error' };
