import { maxWaitSeconds } from '../model/task.ts';

// One preference in the list of a header: `wait=10`. A value may stand in quotes, and parameters may follow it.
const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[;,]|$)/i;

/**
 * How long the request prefers to wait, in seconds from 1 to 25: `wait` in its header `Prefer` (RFC 7240). A longer
 * wait is 25 s. A preference is no order, so one without sense is ignored: `undefined`. HEAD asks for headers, which there
 * is no reason to wait for.
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
  seconds === undefined ? {} : { 'preference-applied': `wait=${seconds}` };

/** The path and query that wait for a task, for who has this place. */
export const waitPath = (
  taskId: string,
  { seconds, place }: { readonly seconds: number; readonly place: string },
): string => `/v1/tasks/${taskId}/wait?seconds=${seconds}&place=${place}`;
