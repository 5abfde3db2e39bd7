import { Link } from 'wouter';
import { Foreign } from '../../parts/foreign.tsx';
import { bulk } from './actions.ts';
import type { Outcome, Report } from './bulk.ts';

/** The outcome of an action, task by task: first the failed ones, with the reasons. */
export function BulkReport({ report }: { readonly report: Report }) {
  const { outcomes, isRunning, isStopped, problem } = report;
  const failed = outcomes.filter(({ isDone }) => !isDone);
  const done = outcomes.filter(({ isDone }) => isDone);
  return (
    <section className={failed.length > 0 ? 'failure' : 'panel'} aria-label="What was done">
      <p role="status">
        <Summary report={report} done={done.length} failed={failed.length} />
      </p>
      {problem !== undefined && <p className="warning">{problem}</p>}
      {failed.length > 0 && <Outcomes outcomes={failed} />}
      {done.length > 0 && (
        <details>
          <summary>
            {done.length} {done.length === 1 ? 'was' : 'were'} done
          </summary>
          <Outcomes outcomes={done} />
        </details>
      )}
      <p className="actions">
        {isRunning ? (
          <button type="button" aria-disabled={isStopped} onClick={bulk.stop}>
            {isStopped ? 'Finishing what has begun' : 'Stop'}
          </button>
        ) : (
          <button type="button" onClick={bulk.close}>
            Close
          </button>
        )}
      </p>
    </section>
  );
}

type SummaryProps = {
  readonly report: Report;
  readonly done: number;
  readonly failed: number;
};

function Summary({ report, done, failed }: SummaryProps) {
  const { name, total, isRunning, isStopped } = report;
  const untouched = total - done - failed;
  return (
    <>
      <strong>
        {name}: {done} of {total} done
      </strong>
      {failed > 0 && `, ${failed} not`}
      {isRunning && ' so far'}
      {isStopped && untouched > 0 && `. Stopped: ${untouched} were not touched`}
    </>
  );
}

function Outcomes({ outcomes }: { readonly outcomes: readonly Outcome[] }) {
  return (
    <ul className="outcomes">
      {outcomes.map(({ item, text, newId }) => (
        <li key={item.id}>
          <Link href={`/console/tasks/${item.id}`}>
            <Foreign text={item.prompt_start} lines={1} />
          </Link>
          <span>
            <Foreign text={text} />{' '}
            {newId !== undefined && (
              <Link href={`/console/tasks/${newId}`}>
                <code>{newId}</code>
              </Link>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
