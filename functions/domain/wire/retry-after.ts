import { responseHeaders } from '../model/http-headers.ts';
import { isEnded, type TaskState } from '../model/task.ts';
import { pollSchedule } from '../providers/poll-schedule.ts';

/** The longest `Retry-After` of a task, in seconds: a caller who reads every ten seconds is never far behind. */
const maxSeconds = 10;

/**
 * The header that says when to read a task again; none when it has ended. The seconds follow Darkroom's own polls of the
 * provider: the time until the first poll, and then the interval of the polls.
 */
export function retryAfter(
  task: TaskState,
  { now, typicalSeconds }: { readonly now: number; readonly typicalSeconds: number },
): Record<string, string> {
  if (isEnded(task)) return {};
  const { waitSeconds, pollSeconds } = pollSchedule({
    typicalSeconds: task.typicalSeconds ?? typicalSeconds,
    elapsedSeconds: task.status === 'processing' ? (now - task.submittedAt) / 1000 : 0,
  });
  return {
    [responseHeaders.retryAfter]: String(Math.min(maxSeconds, Math.max(waitSeconds, pollSeconds))),
  };
}
