import { readFileSync } from 'node:fs';
import { json, parseJson, type Route } from './call.ts';
import { statusOf } from './jobs.ts';

/** A picture to try the laptop with. */
export const sample: Route = () => ({
  kind: 'picture',
  type: 'image/jpeg',
  bytes: readFileSync(picture),
});

const picture = new URL('../../cli/sample.jpg', import.meta.url);

/** Settings, counts and every job that is still known. */
export const show: Route = ({ jobs, control, counts, now }) =>
  json(200, {
    settings: control.settings(),
    counts,
    jobs: jobs.all().map((job) => ({
      task_id: job.id,
      status: statusOf(job, now()),
      n: job.order.n,
      images: job.order.images.length,
      prompt: job.order.prompt,
      submitted_at: job.submittedAt,
      finished_at: job.finishedAt ?? null,
    })),
  });

export const change: Route = (studio, call, ...rest) => {
  studio.control.change(parseJson(call.body));
  return show(studio, call, ...rest);
};

/** The settings of the start, and counts from zero; jobs go on, since somebody may wait for them. */
export const reset: Route = (studio, ...rest) => {
  studio.control.reset();
  Object.assign(studio.counts, { submits: 0, accepted: 0, polls: 0, cancels: 0 });
  return show(studio, ...rest);
};
