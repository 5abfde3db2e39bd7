import type { ProviderName } from '../../../../functions/domain/model/catalogue.ts';
import type { Job } from '../../../../functions/domain/model/provider.ts';
import type { Failure, Task } from '../../../../functions/domain/model/task.ts';
import {
  ProviderBusy,
  ProviderRejected,
} from '../../../../functions/domain/model/workflow-errors.ts';
import type { SubmitDeps } from '../../../../functions/domain/tasks/submit-task.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import {
  forEachProvider,
  memoryInputs,
  memoryStore,
  scriptedProvider,
  settableClock,
} from '../../../support/fakes.ts';
import { memorySlots } from '../../../support/slots.ts';
import { sampleId, sampleTime } from '../../../support/tasks.ts';

/** The responses of every provider, one by one; after them it is busy. */
export type Script = Readonly<Partial<Record<ProviderName, readonly (string | Error)[]>>>;

const reason: Failure = { code: 'content_policy_violation', message: 'The prompt was refused.' };
export const jobRejected = () => new ProviderRejected(reason);

export const operatorFailure: Failure = {
  code: 'service_unavailable',
  message: 'The key was refused.',
};
export const operatorRejected = () =>
  new ProviderRejected(operatorFailure, { operatorMustAct: true });

const secondsAt: Readonly<Partial<Record<ProviderName, number>>> = {
  dashscope: 30,
  evolink: 40,
  fal: 90,
};

export const busy = () => new ProviderBusy('429');

/** Providers like the real ones: EvoLink is idempotent, and EvoLink and fal have webhooks. */
export function context(task: Task, script: Script, more: Partial<SubmitDeps> = {}) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime + 5000);
  const submitted: [ProviderName, Job][] = [];
  const signals: unknown[][] = [];
  const rejections: unknown[][] = [];
  const provider = (name: ProviderName) => {
    const { submit } = scriptedProvider({ submit: script[name] ?? [] });
    return {
      submit: (job: Job) => {
        submitted.push([name, job]);
        return submit(job);
      },
    };
  };
  const deps: SubmitDeps = {
    tasks,
    now: clock.now,
    pause: async () => undefined,
    providers: {
      ...forEachProvider(provider),
      evolink: { ...provider('evolink'), idempotent: true, supportsWebhook: true },
      fal: { ...provider('fal'), supportsWebhook: true },
    },
    // As in production no two links are the same.
    inputs: linksThatDiffer(),
    availableProviders: async () => ['dashscope', 'evolink', 'fal'],
    webhookUrl: async (name, id) => `https://api.example.com/${name}/${id}`,
    expectedWait: async () => undefined,
    typicalSeconds: async (_model, name) => secondsAt[name] ?? 1,
    slots: memorySlots({ now: clock.now }),
    onAccepted: () => undefined,
    recordRejection: async (name, code) => void rejections.push([name, code]),
    onFallback: (id, name, cause) => void signals.push(['fallback', id, name, cause.name]),
    onDeferred: ({ id }, name) => void signals.push(['deferred', id, name]),
    outcomeUnknown: ({ id }) => void signals.push(['unknown', id]),
    operatorMustAct: ({ id }, { failure }) => void signals.push(['operator', id, failure.code]),
    ...more,
  };
  return {
    deps,
    tasks,
    clock,
    submitted,
    signals,
    rejections,
    submittedTo: () => submitted.map(([name]) => name),
    submit: () => submitTask(deps)(sampleId),
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
