import * as z from 'zod';
import type { Progress } from '../../../domain/model/provider.ts';
import { failed, finished, reasons } from '../../../domain/providers/reasons.ts';
import { type ErrorDetails, isUnknownJob, type UpstreamResponse } from '../upstream.ts';
import { failureOf } from './errors.ts';

// Only EvoLink's own client mentions `cancelled`. An unknown status is a parse error, not progress.
export const Polled = z.object({
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled']),
  results: z.array(z.string().min(1)).nullish(),
});

/** What the response to a poll says about the job; `details` are those of its `error`. */
export function toProgress(
  { status, results }: z.infer<typeof Polled>,
  details: ErrorDetails,
): Progress {
  switch (status) {
    case 'pending':
      return { state: 'queued' };
    case 'processing':
      return { state: 'running' };
    case 'completed':
      // There may be fewer than were requested: those that failed are not listed.
      return finished((results ?? []).map((url) => ({ url })));
    case 'failed':
      return failed(failureOf(details.code ?? ''));
    case 'cancelled':
      return failed(reasons.cancelled);
    default:
      return status satisfies never;
  }
}

/** The job does not exist there, or not any more. */
export const isJobLost = (response: UpstreamResponse, details: ErrorDetails): boolean =>
  isUnknownJob(response, details) || details.code === 'invalid_task_id';
