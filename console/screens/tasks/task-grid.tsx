import { Link } from 'wouter';
import { Foreign } from '../../parts/foreign.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { TaskThumbnails } from '../../pictures/thumbnail.tsx';
import { SelectBox } from './select-box.tsx';
import type { ListProps } from './task-table.tsx';

/** The tasks as cards, which show more of each prompt and more tasks at once. */
export function TaskGrid({ tasks, selection }: ListProps) {
  return (
    <ul className="task-grid">
      {tasks.map((task) => (
        <li key={task.id} className={selection.has(task.id) ? 'selected' : undefined}>
          <p className="task-card-head">
            <SelectBox task={task} selection={selection} />
            <StatusMark status={task.status} />
            {task.result_count > 1 && <span className="caption">{task.result_count} images</span>}
          </p>
          <TaskThumbnails task={task} />
          <Link href={`/console/tasks/${task.id}`} className="row-link">
            <Foreign text={task.prompt_start} lines={3} />
          </Link>
          <p className="caption">
            <TimeAgo at={task.created_at} /> · <Foreign text={task.key.name ?? task.key.id} />
          </p>
        </li>
      ))}
    </ul>
  );
}
