import { readFileSync } from 'node:fs';
import { providerNames } from './capacity.ts';
import { json, parseJson } from './http.ts';
import { statusOf } from './jobs.ts';
import type { Route, ServerContext } from './route.ts';

/** A picture to try the local stack with. */
export const sample: Route = () => ({
  kind: 'picture',
  type: 'image/jpeg',
  bytes: readFileSync(picture),
});

const picture = new URL('../../cli/sample.jpg', import.meta.url);

/** The settings, the counts, all jobs that are kept, and how busy each provider was. */
export const show: Route = (context) => json(200, stateOf(context));

export const change: Route = (context, request) => {
  context.control.change(parseJson(request.body));
  return json(200, stateOf(context));
};

/**
 * Restores the settings and limits of the start and sets the counts to zero. Jobs go on, since tasks may wait
 * for them.
 */
export const reset: Route = (context) => {
  context.control.reset();
  Object.assign(context.counts, { submits: 0, accepted: 0, polls: 0, cancels: 0 });
  for (const name of providerNames) context.loads[name].resetUsage();
  return json(200, stateOf(context));
};

/** Begins a new measurement. Settings, limits and jobs stay. */
export const resetUsage: Route = (context) => {
  context.jobs.advance();
  for (const name of providerNames) context.loads[name].resetUsage();
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
  const providers = providerNames.map((name) => {
    const load = loads[name];
    return [name, { capacity: load.capacity(), usage: load.usage() }];
  });
  return {
    settings: control.settings(),
    counts,
    providers: Object.fromEntries(providers),
    jobs: all,
  };
}
