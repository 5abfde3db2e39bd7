import { type Job, statusOf } from './jobs.ts';

/** The `output` and `usage` of a query, as the vendor shows a job in each of its statuses. */
export function view(job: Job, now: number, linkTo: (n: number) => string) {
  const status = statusOf(job, now);
  const output = {
    task_id: job.id,
    task_status: status,
    submit_time: time(job.submittedAt),
  };
  if (status === 'PENDING') return { output: { ...output, task_metrics: metrics(job, 0, 0) } };
  if (status === 'CANCELED') {
    return {
      output: { ...output, end_time: time(job.canceledAt), task_metrics: metrics(job, 0, 0) },
    };
  }
  const begun = { ...output, scheduled_time: time(job.startsAt) };
  if (status === 'RUNNING') return { output: { ...begun, task_metrics: metrics(job, 0, 0) } };
  return ended({ ...begun, end_time: time(job.finishedAt) }, job, linkTo);
}

function ended(begun: object, job: Job, linkTo: (n: number) => string) {
  if (!job.result || 'failure' in job.result) {
    return {
      output: { ...begun, ...job.result?.failure, task_metrics: metrics(job, 0, job.order.n) },
    };
  }
  const { items } = job.result;
  const results = items.map((item, index) =>
    'png' in item ? { ...prompts(job), url: linkTo(index + 1) } : item,
  );
  const made = items.filter((item) => 'png' in item).length;
  return {
    output: { ...begun, results, task_metrics: metrics(job, made, items.length - made) },
    usage: { image_count: made },
  };
}

const prompts = ({ order: { prompt, isExtended } }: Job) => ({
  orig_prompt: prompt,
  ...(isExtended ? { actual_prompt: `${prompt}, in careful detail, with harmonious light` } : {}),
});

const metrics = ({ order }: Job, succeeded: number, failed: number) => ({
  TOTAL: order.n,
  SUCCEEDED: succeeded,
  FAILED: failed,
});

/** The vendor prints Beijing's time without saying so. */
const time = (at = 0): string =>
  new Date(at + 8 * 60 * 60 * 1000).toISOString().replace('T', ' ').slice(0, -1);
