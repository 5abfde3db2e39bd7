import * as z from 'zod';
import type { Progress } from '../task/provider.ts';
import { failureOf } from './evolink-errors.ts';
import { failed, finished } from './progress.ts';
import { reasons } from './reasons.ts';
import type { Answer, Words } from './upstream.ts';

// `cancelled` stands only in its own client. A status nobody knows is an error, not progress.
export const Polled = z.object({
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled']),
  results: z.array(z.string().min(1)).nullish(),
});

/** What an answer to a poll says about the job; `words` are those of its `error`. */
export function toProgress({ status, results }: z.infer<typeof Polled>, words: Words): Progress {
  switch (status) {
    case 'pending':
      return { state: 'queued' };
    case 'processing':
      return { state: 'running' };
    case 'completed':
      // Fewer than were ordered is all that was made: those that failed are not listed.
      return finished((results ?? []).map((url) => ({ url })));
    case 'failed':
      return failed(failureOf(words.code ?? ''));
    case 'cancelled':
      return failed(reasons.cancelled);
    default:
      return status satisfies never;
  }
}

/** The job does not exist there, or not any more. */
export const isForgotten = ({ status }: Answer, { code }: Words): boolean =>
  status === 404 || status === 410 || code === 'invalid_task_id';
