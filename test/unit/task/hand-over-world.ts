import { ProviderBusy, ProviderRefused } from '../../../functions/task/failures.ts';
import type { Job, ProviderName } from '../../../functions/task/provider.ts';
import type { Submission } from '../../../functions/task/submission.ts';
import { submitTask } from '../../../functions/task/submit-task.ts';
import type { Failure, Task } from '../../../functions/task/task.ts';
import { memoryInputs, memoryStore, scriptedProvider, settableClock } from '../../support/fakes.ts';
import { sampleId, sampleTime } from '../../support/tasks.ts';

/** What every provider answers to its questions, one by one; after them it is busy. */
export type Script = Readonly<Partial<Record<ProviderName, readonly (string | Error)[]>>>;

const reason: Failure = { code: 'content_policy_violation', message: 'The prompt was refused.' };
export const aboutTheJob = () => new ProviderRefused(reason);

export const ours: Failure = { code: 'service_unavailable', message: 'The key was refused.' };
export const aboutUs = () => new ProviderRefused(ours, { operatorMustAct: true });

export const busy = () => new ProviderBusy('429');

/** Three providers as they really are: one that knows a job again, and two that call back. */
export function world(task: Task, script: Script, more: Partial<Submission> = {}) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime + 5000);
  const asked: [ProviderName, Job][] = [];
  const signals: unknown[][] = [];
  const provider = (name: ProviderName) => {
    const { submit } = scriptedProvider({ submit: script[name] ?? [] });
    return {
      submit: (job: Job) => {
        asked.push([name, job]);
        return submit(job);
      },
    };
  };
  const needs: Submission = {
    ...{ tasks, now: clock.now },
    providers: {
      dashscope: provider('dashscope'),
      evolink: { ...provider('evolink'), idempotent: true, callsBack: true },
      fal: { ...provider('fal'), callsBack: true },
    },
    // As in real life no two links are the same.
    inputs: linksThatDiffer(),
    offered: async () => ['dashscope', 'evolink', 'fal'],
    callbackUrl: async (name, id) => `https://api.example.com/${name}/${id}`,
    usualSeconds: async (_model, name) => ({ dashscope: 30, evolink: 40, fal: 90 })[name],
    passedOver: (id, name, cause) => void signals.push(['passed over', id, name, cause.name]),
    outcomeUnknown: (id) => void signals.push(['unknown', id]),
    operatorMustAct: (id, { failure }) => void signals.push(['operator', id, failure.code]),
    ...more,
  };
  return {
    ...{ needs, tasks, clock, asked, signals },
    askedWhom: () => asked.map(([name]) => name),
    submit: () => submitTask(needs)(sampleId),
    find: () => tasks.find(sampleId),
  };
}

function linksThatDiffer() {
  const { link } = memoryInputs();
  let made = 0;
  return {
    link: async (id: string, index: number) => {
      made += 1;
      return `${await link(id, index)}?${made}`;
    },
  };
}
