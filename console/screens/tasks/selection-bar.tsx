import { type ReactNode, useState } from 'react';
import { isEnded, type TaskSummary } from '../../api/queries.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { credits } from '../../parts/format.ts';
import { useRights } from '../../session/rights.ts';
import { bulk, cancelTasks, deleteTasks, downloadTasks, runTasksAgain } from './actions.ts';
import type { Selection } from './select-box.tsx';

type Props = { readonly selection: Selection; readonly isBusy: boolean };

const tasksOf = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);

/** What can be done with the selected tasks, and with how many of them. */
export function SelectionBar({ selection, isBusy }: Props) {
  const { mayGenerate } = useRights();
  const [asking, ask] = useState<'run again' | 'delete' | undefined>();
  const { selected } = selection;
  const withImages = selected.filter((task) => task.has_results);
  const ended = selected.filter(isEnded);
  const unfinished = selected.filter((task) => !isEnded(task));

  const start = async (
    action: (tasks: readonly TaskSummary[]) => Promise<void>,
    tasks: readonly TaskSummary[],
  ) => {
    ask(undefined);
    await action(tasks);
    const outcomes = bulk.report()?.outcomes ?? [];
    selection.release(outcomes.flatMap(({ item, isDone }) => (isDone ? [item.id] : [])));
  };
  const button = (name: string, count: number, onClick: () => void) => (
    <button
      type="button"
      aria-disabled={isBusy || count === 0}
      onClick={() => {
        if (!isBusy && count > 0) onClick();
      }}
    >
      {name} ({count})
    </button>
  );

  return (
    <section className="selection-bar" aria-label="Selected tasks">
      <p>
        <strong>{selected.length} selected</strong>
      </p>
      {button('Download', withImages.length, () => void start(downloadTasks, withImages))}
      {mayGenerate && (
        <>
          {button('Cancel', unfinished.length, () => void start(cancelTasks, unfinished))}
          {button('Run again', selected.length, () => ask('run again'))}
          {button('Delete', ended.length, () => ask('delete'))}
        </>
      )}
      <button type="button" className="quiet" onClick={() => selection.chooseAll(false)}>
        Select none
      </button>
      {asking === 'run again' && (
        <Question
          title={`Run ${tasksOf(selected.length)} again?`}
          yes="Run again"
          no="Not now"
          onYes={() => void start(runTasksAgain, selected)}
          onNo={() => ask(undefined)}
        >
          Each becomes a new task with the same pictures and options. Together they cost up to{' '}
          {credits(selected.reduce((sum, task) => sum + task.credits_reserved, 0))}.
        </Question>
      )}
      {asking === 'delete' && (
        <Question
          title={`Delete ${tasksOf(ended.length)}?`}
          yes="Delete"
          no="Keep"
          onYes={() => void start(deleteTasks, ended)}
          onNo={() => ask(undefined)}
        >
          Their prompts, pictures and images are deleted for good.
          {unfinished.length > 0 &&
            ` ${tasksOf(unfinished.length)} of the selection ${unfinished.length === 1 ? 'has' : 'have'} not ended, and ${unfinished.length === 1 ? 'stays' : 'stay'}.`}
        </Question>
      )}
    </section>
  );
}

type QuestionProps = {
  readonly title: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
  readonly children: ReactNode;
};

function Question({ title, yes, no, onYes, onNo, children }: QuestionProps) {
  return (
    <Dialog title={title} onClose={onNo}>
      <p>{children}</p>
      <p className="actions">
        <button type="button" className="primary" onClick={onYes}>
          {yes}
        </button>
        <button type="button" onClick={onNo}>
          {no}
        </button>
      </p>
    </Dialog>
  );
}
