import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { modelsQuery, type Task } from '../../api/queries.ts';
import { Foreign } from '../../parts/foreign.tsx';
import { credits } from '../../parts/format.ts';
import { useRights } from '../../session/rights.ts';
import { draftFromTask } from '../create/draft.ts';

type Failed = Extract<Task, { status: 'failed' }>;
type Code = Failed['error']['code'];

/** What the user can do about each error code. The message of the API says the reason. */
const remedies: Readonly<Record<Code, string>> = {
  content_policy_violation: 'Say it in other words, or use another picture.',
  invalid_parameters: 'Correct what the sentence names.',
  image_processing_error: 'Use another picture, or export this one again as JPEG.',
  image_dimension_mismatch: 'Choose the picture again here: it is scaled before it is sent.',
  request_cancelled: 'Run it again when you want it after all.',
  generation_failed_no_content: 'Try another prompt or another seed.',
  service_error: 'Run it again; if it fails again, tell the operator the id of the task.',
  generation_timeout: 'Run it again.',
  resource_exhausted: 'Run it again later: the model is busy.',
  quota_exceeded: 'Ask the operator: the provider’s quota is used up.',
  service_unavailable: 'Ask the operator: no provider of this model can be used here.',
  unknown_error: 'Run it again; if it fails again, tell the operator the id of the task.',
};

/** Why a task failed, what it cost, and what to do next. */
export function Remedy({ task }: { readonly task: Failed }) {
  return (
    <div className="remedy" role="alert">
      <p>
        <strong>
          <Foreign text={task.error.message} />
        </strong>
      </p>
      <p>{remedies[task.error.code]}</p>
      <p className="caption">
        <code>{task.error.code}</code> · {credits(task.usage.credits_used)}
      </p>
      <RunAgain task={task} label="Correct and run again" />
    </div>
  );
}

/** Opens Create with the request of a task. */
export function RunAgain({ task, label }: { readonly task: Task; readonly label: string }) {
  const { data: models } = useQuery(modelsQuery);
  const { mayGenerate } = useRights();
  const [isBusy, setBusy] = useState(false);
  const [path, go] = useLocation();
  if (!mayGenerate || !models || models.length === 0 || path === '/console') return null;
  const open = async () => {
    setBusy(true);
    await draftFromTask(task, models);
    go('/console');
  };
  return (
    <button type="button" onClick={open} aria-disabled={isBusy}>
      {isBusy ? 'Fetching the pictures' : label}
    </button>
  );
}
