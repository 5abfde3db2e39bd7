import { useRef } from 'react';
import type { TaskSummary } from '../../api/queries.ts';
import { Foreign } from '../../parts/foreign.tsx';
import type { useSelection } from './selection.ts';

export type Selection = ReturnType<typeof useSelection>;

/** Selects a task; with Shift, also those between it and the task that was selected before. */
export function SelectBox({
  task,
  selection,
}: {
  readonly task: TaskSummary;
  readonly selection: Selection;
}) {
  const isRange = useRef(false);
  return (
    <label className="select-box">
      <input
        type="checkbox"
        checked={selection.has(task.id)}
        onClick={(event) => {
          isRange.current = event.shiftKey;
        }}
        onChange={({ currentTarget }) =>
          selection.choose(task.id, currentTarget.checked, isRange.current)
        }
      />
      <span className="sr-only">
        Select <Foreign text={task.prompt_start} />
      </span>
    </label>
  );
}
