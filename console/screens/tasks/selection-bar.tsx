import { useState } from 'react';
import { isEnded, type TaskSummary } from '../../api/queries.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { credits } from '../../parts/format.ts';
import { useRights } from '../../session/rights.ts';
import { bulk, cancelTasks, deleteTasks, downloadTasks, runTasksAgain } from './actions.ts';
import type { Selection } from './select-box.tsx';

type Props = { readonly selection: Selection; readonly isBusy: boolean };

const tasksOf = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);

/**
 * The tasks that a question is about, as they were when it was asked. The list behind it may change, but the answer is
 * only for these tasks.
 */
type Subject = {
  readonly tasks: readonly TaskSummary[];
  /** How many of the selection had not ended. */
  readonly unfinished: number;
};

type OpenQuestion = Subject & { readonly question: (typeof questions)[keyof typeof questions] };

const questions = {
  cancel: {
    title: (tasks: string) => `Cancel ${tasks}?`,
    yes: 'Cancel them',
    no: 'Let them go on',
    action: cancelTasks,
    text: () =>
      'A provider may still make the images of a job that it has already, and then they cost credits.',
  },
  runAgain: {
    title: (tasks: string) => `Run ${tasks} again?`,
    yes: 'Run again',
    no: 'Not now',
    action: runTasksAgain,
    text: ({ tasks }: Subject) =>
      `Each becomes a new task with the same pictures and options. Together they cost up to ${credits(tasks.reduce((sum, task) => sum + task.credits_reserved, 0))}.`,
  },
  delete: {
    title: (tasks: string) => `Delete ${tasks}?`,
    yes: 'Delete',
    no: 'Keep',
    action: deleteTasks,
    text: ({ unfinished }: Subject) =>
      `Their prompts, pictures and images are deleted for good.${unfinished > 0 ? ` ${tasksOf(unfinished)} of the selection ${unfinished === 1 ? 'has not ended, and stays' : 'have not ended, and stay'}.` : ''}`,
  },
};

/** The actions for the selected tasks, each with the number of tasks that it is possible for. */
export function SelectionBar({ selection, isBusy }: Props) {
  const { mayGenerate } = useRights();
  const [open, ask] = useState<OpenQuestion | undefined>();
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
  const askAbout = (question: OpenQuestion['question'], tasks: readonly TaskSummary[]) =>
    ask({ question, tasks, unfinished: unfinished.length });
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
          {button('Cancel', unfinished.length, () => {
            if (unfinished.length === 1) void start(cancelTasks, unfinished);
            else askAbout(questions.cancel, unfinished);
          })}
          {button('Run again', selected.length, () => askAbout(questions.runAgain, selected))}
          {button('Delete', ended.length, () => askAbout(questions.delete, ended))}
        </>
      )}
      <button type="button" className="quiet" onClick={() => selection.chooseAll(false)}>
        Select none
      </button>
      {open && (
        <Question
          {...open}
          onYes={() => void start(open.question.action, open.tasks)}
          onNo={() => ask(undefined)}
        />
      )}
    </section>
  );
}

type QuestionProps = OpenQuestion & { readonly onYes: () => void; readonly onNo: () => void };

function Question({ question, onYes, onNo, ...subject }: QuestionProps) {
  const { title, yes, no, text } = question;
  return (
    <Dialog title={title(tasksOf(subject.tasks.length))} onClose={onNo}>
      <p>{text(subject)}</p>
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
