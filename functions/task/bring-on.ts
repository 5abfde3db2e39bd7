import type { Clock, Tasks, Workflow } from './ports.ts';
import type { Running } from './task.ts';

/** So many executions a task gets in a row; after them somebody has to find out what kills them. */
export const mostExecutions = 5;
/** How long a new execution is left alone, in milliseconds. */
const restartGraceMs = 2 * 60 * 1000;
/** How long one that follows so many that died has to wait: an hour, by when the reason may be mended. */
const exhaustedMs = 60 * 60 * 1000;

/** What was done for a task that is not over: nothing, when its workflow is alive. */
export type Rescue = 'alive' | 'started' | 'restarted' | 'exhausted';

type Needs = {
  readonly tasks: Pick<Tasks, 'restarted'>;
  readonly workflow: Pick<Workflow, 'start' | 'state'>;
  readonly now: Clock;
  /** One execution after the other dies. */
  readonly exhausted: (taskId: string) => void;
};

/**
 * Sees to it that a task that is not over has a living workflow: starts the one that is missing, and
 * the next one where it died. Every state can be entered again, so it goes on where that one was.
 */
export const bringOn =
  ({ tasks, workflow, now, exhausted }: Needs) =>
  async ({ id, execution = 1 }: Running): Promise<Rescue> => {
    const state = await workflow.state(id, execution);
    if (state === 'running') return 'alive';
    if (state === 'absent') {
      await workflow.start(id, execution);
      return 'started';
    }
    const next = execution + 1;
    const isExhausted = execution >= mostExecutions;
    const dueAt = now() + (isExhausted ? exhaustedMs : restartGraceMs);
    // Written before started: should the start be lost, the next look finds it absent.
    if (!(await tasks.restarted(id, next, dueAt))) return 'alive';
    if (isExhausted) {
      exhausted(id); // and not started: the look that is due in an hour does it
      return 'exhausted';
    }
    await workflow.start(id, next);
    return 'restarted';
  };
