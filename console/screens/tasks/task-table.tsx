import { Link } from 'wouter';
import type { TaskSummary } from '../../api/queries.ts';
import { Foreign } from '../../parts/foreign.tsx';
import { credits, duration, number } from '../../parts/format.ts';
import { StatusMark } from '../../parts/status-mark.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { TaskThumbnails } from '../../pictures/thumbnail.tsx';
import { SelectBox, type Selection } from './select-box.tsx';

export type ListProps = {
  readonly tasks: readonly TaskSummary[];
  readonly selection: Selection;
};

export function TaskTable({ tasks, selection }: ListProps) {
  return (
    <table className="cards task-table">
      <thead>
        <tr>
          <th scope="col">
            <span className="sr-only">Selected</span>
          </th>
          <th scope="col">Status</th>
          <th scope="col">Pictures</th>
          <th scope="col">Prompt</th>
          <th scope="col" className="amount">
            Images
          </th>
          <th scope="col" className="amount">
            Took
          </th>
          <th scope="col" className="amount">
            Credits
          </th>
          <th scope="col">Key</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.id} className={selection.has(task.id) ? 'selected' : undefined}>
            <td>
              <SelectBox task={task} selection={selection} />
            </td>
            <td>
              <StatusMark status={task.status} />
            </td>
            <td>
              <TaskThumbnails task={task} />
            </td>
            <th scope="row">
              <Link href={`/console/tasks/${task.id}`} className="row-link">
                <Foreign text={task.prompt_start} lines={1} />
              </Link>
            </th>
            <td className="amount" data-label="Images">
              {task.result_count || '–'}
            </td>
            <td className="amount" data-label="Took">
              {task.duration === null ? '–' : duration(task.duration)}
            </td>
            <td
              className="amount"
              data-label="Credits"
              title={`${credits(task.credits_reserved)} reserved`}
            >
              {task.credits_used === null ? '–' : number(task.credits_used)}
            </td>
            <td data-label="Key">
              <Foreign text={task.key.name ?? task.key.id} lines={1} />
            </td>
            <td data-label="Created">
              <TimeAgo at={task.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
