import { useRef, useState } from 'react';
import type { TaskSummary } from '../../api/queries.ts';
import { between } from './range.ts';

/**
 * Which of the shown tasks are selected. A task that is not shown is not selected, so that nothing happens to a task that
 * nobody sees.
 */
export function useSelection(tasks: readonly TaskSummary[]) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | undefined>(undefined);
  const selected = tasks.filter(({ id }) => ids.has(id));

  const set = (changed: readonly string[], isChosen: boolean) =>
    setIds((before) => {
      const next = new Set(before);
      for (const id of changed) {
        if (isChosen) next.add(id);
        else next.delete(id);
      }
      return next;
    });

  return {
    selected,
    has: (id: string) => ids.has(id),
    isAll: tasks.length > 0 && selected.length === tasks.length,
    /** `isRange`: also all tasks between it and the one that was chosen before. */
    choose(id: string, isChosen: boolean, isRange: boolean): void {
      set(isRange ? between(tasks, last.current, id) : [id], isChosen);
      last.current = id;
    },
    chooseAll: (isChosen: boolean) =>
      set(
        tasks.map(({ id }) => id),
        isChosen,
      ),
    /** Deselects the tasks that are done. Those that have failed stay selected. */
    release: (done: readonly string[]) => set(done, false),
  };
}
