import { responseHeaders } from '../model/http-headers.ts';
import { pathTo, waitForTaskPath } from '../model/paths.ts';
import { maxWaitSeconds } from '../model/task.ts';

// One preference in the list of a header: `wait=10`. A value may stand in quotes, and parameters may follow it.
const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[;,]|$)/i;

/**
 * How long the request prefers to wait, in seconds from 1 to 25: `wait` in its header `Prefer` (RFC 7240). A longer
 * wait counts as 25 s. A preference is not an order, so an invalid one is ignored: `undefined`. HEAD never waits.
 */
export function preferredWaitSeconds(
  prefer: string | undefined,
  method: string,
): number | undefined {
  if (method === 'HEAD') return undefined;
  const seconds = Number(wait.exec(prefer ?? '')?.[1] ?? 0);
  return seconds === 0 ? undefined : Math.min(seconds, maxWaitSeconds);
}

/** The header that says how long the request was allowed to wait, if it was. */
export const preferenceApplied = (seconds: number | undefined): Record<string, string> =>
  seconds === undefined ? {} : { [responseHeaders.preferenceApplied]: `wait=${seconds}` };

/** The path and query that wait for a task, with the token of a place. */
export const waitPath = (
  taskId: string,
  { seconds, place }: { readonly seconds: number; readonly place: string },
): string => `${pathTo(waitForTaskPath, { task_id: taskId })}?seconds=${seconds}&place=${place}`;
