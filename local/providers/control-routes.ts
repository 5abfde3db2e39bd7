import { readFileSync } from 'node:fs';
import { json, parseJson } from './http.ts';
import { statusOf } from './jobs.ts';
import type { OwnRoute, ServerContext } from './route.ts';

/** A picture to try the local stack with. */
export const sample: OwnRoute = () => ({
  kind: 'picture',
  type: 'image/jpeg',
  bytes: readFileSync(picture),
});

const picture = new URL('../../cli/sample.jpg', import.meta.url);

/** The settings, the counts, all jobs that are kept, and how busy each provider was. */
export const show: OwnRoute = (context) => json(200, stateOf(context));

export const change: OwnRoute = (context, request) => {
  context.control.change(parseJson(request.body));
  return json(200, stateOf(context));
};

/**
 * Restores the settings and limits of the start and sets the counts to zero. Jobs go on, since tasks may wait
 * for them.
 */
export const reset: OwnRoute = (context) => {
  context.control.reset();
  Object.assign(context.counts, { submits: 0, accepted: 0, polls: 0, cancels: 0 });
  for (const load of Object.values(context.loads)) load.resetUsage();
  return json(200, stateOf(context));
};

/** Begins a new measurement. Settings, limits and jobs stay. */
export const resetUsage: OwnRoute = (context) => {
  context.jobs.advance();
  for (const load of Object.values(context.loads)) load.resetUsage();
  return json(200, stateOf(context));
};

function stateOf({ jobs, control, counts, loads }: ServerContext) {
  const all = jobs.all().map((job) => ({
    task_id: job.id,
    status: statusOf(job),
    n: job.request.n,
    images: job.imageCount,
    prompt: job.request.prompt,
    submitted_at: job.submittedAt,
    finished_at: job.finishedAt ?? null,
  }));
  const providers = Object.entries(loads).map(([name, load]) => [
    name,
    { capacity: load.capacity(), usage: load.usage() },
  ]);
  return {
    settings: control.settings(),
    counts,
    providers: Object.fromEntries(providers),
    jobs: all,
  };
}
