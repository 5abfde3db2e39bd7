import type { Task } from '../../api/queries.ts';
import { duration } from '../../parts/format.ts';
import { useNow } from '../../parts/use-now.ts';

/** The stages of a task, as this page shows them, with the events that end each stage. */
const stages = [
  {
    name: 'Pictures received',
    endedBy: ['started', 'inputs_checked', 'queued', 'submitted', 'generated', 'stored'],
  },
  { name: 'Checked', endedBy: ['inputs_checked', 'queued', 'submitted', 'generated', 'stored'] },
  { name: 'Queued', endedBy: ['submitted', 'generated', 'stored'] },
  { name: 'Generating', endedBy: ['generated', 'stored'] },
  { name: 'Saving', endedBy: ['stored'] },
] as const;

/** The stage of a task, and for how long. There is no progress bar, because nobody knows the end. */
export function Stages({ task }: { readonly task: Task }) {
  const ends = stages.map(
    ({ endedBy }) =>
      task.events.find(({ type }) => (endedBy as readonly string[]).includes(type))?.at,
  );
  const current = ends.indexOf(undefined);
  return (
    <ol className="stages">
      {stages.map(({ name }, index) => {
        const start = index === 0 ? task.created_at : ends[index - 1];
        const end = ends[index];
        if (end !== undefined) return <Done key={name} name={name} start={start} end={end} />;
        if (index === current) return <Current key={name} task={task} name={name} start={start} />;
        return (
          <li key={name}>
            <span aria-hidden="true">○</span> {name}
          </li>
        );
      })}
    </ol>
  );
}

type Stage = { readonly name: string; readonly start: number | undefined };

function Done({ name, start, end }: Stage & { readonly end: number }) {
  return (
    <li className="stage-done">
      <span aria-hidden="true">●</span> {name}{' '}
      {start !== undefined && <span className="soft">{duration(Math.max(0, end - start))}</span>}
    </li>
  );
}

function Current({ task, name, start }: Stage & { readonly task: Task }) {
  const now = useNow();
  return (
    <li aria-current="step">
      <span aria-hidden="true">◐</span> {name}{' '}
      <span className="soft">{noteOn(task, name, start, now)}</span>
    </li>
  );
}

function noteOn(task: Task, stage: string, start: number | undefined, now: number): string {
  if (task.status !== 'pending' && task.status !== 'processing') return '';
  const {
    queue_position: position,
    estimated_time: estimate,
    cancel_requested: isCancelled,
  } = task.task_info;
  if (isCancelled) return 'being cancelled';
  const spent = start === undefined ? 0 : Math.max(0, Math.round(now - start));
  const parts = [
    ...(stage === 'Queued' && position !== undefined ? [`place ${position}`] : []),
    ...(spent > 0 ? [`for ${duration(spent)}`] : []),
    ...(estimate === undefined
      ? []
      : [estimate > 0 ? `about ${duration(estimate)} left` : 'longer than usual']),
  ];
  return parts.join(', ');
}
