import type { Task } from '../api/api.ts';
import { CliError, hasErrorCode } from '../program/cli-error.ts';
import { type Finding, fail, ok, seeErrors, warn } from './finding.ts';
import { toCliError } from './service-steps.ts';
import { hasEnded, noPlayCredits, placeInQueue, readUntil, type TaskPorts } from './task-steps.ts';

type Effect = {
  /** What the prompt asks the sandbox provider for. */
  readonly prompt: string;
  readonly n?: number;
  /** How a task with this prompt has to end. */
  readonly end: string;
  /** How many seconds the job has to take at least. */
  readonly seconds?: number;
};

/**
 * Every effect that a prompt of test mode can have, and how the task has to end. The effects of a task that succeeds
 * share one prompt. So one image is paid for, and the slot that all test tasks share is taken only three times.
 */
const effects: readonly Effect[] = [
  { prompt: '[fail: content_policy_violation]', end: 'failed with content_policy_violation' },
  { prompt: '[busy] [partial: 1] [seconds: 5]', n: 2, end: 'completed with 1 of 2', seconds: 5 },
  { prompt: '[unknown]', end: 'failed with service_error' },
];

/** Makes one task for each effect of the sandbox provider, and compares how they end. */
export async function* examineSandbox(ports: TaskPorts): AsyncGenerator<Finding> {
  const ends = await Promise.all(effects.map((effect) => endOf(ports, effect))).catch(toCliError);
  if (ends instanceof CliError) {
    if (!hasErrorCode(ends, 'insufficient_quota')) throw ends;
    yield noPlayCredits('sandbox');
    return;
  }
  yield judgeEnds(effects.map((effect, index) => ({ effect, end: ends[index] ?? notSeen })));
}

type End = {
  readonly text: string;
  /** The task waits for the slot that all test tasks share. */
  readonly isQueued: boolean;
};
const notSeen: End = { text: 'was not made', isQueued: false };

function judgeEnds(all: readonly { readonly effect: Effect; readonly end: End }[]): Finding {
  const wrong = all.filter(({ effect, end }) => end.text !== effect.end);
  if (wrong.length === 0) {
    return ok(
      'sandbox',
      `Each effect did what it says: ${effects.map(({ prompt }) => prompt).join(' ')}`,
    );
  }
  if (wrong.every(({ end }) => end.isQueued)) {
    return warn(
      'sandbox',
      `The sandbox does one job at a time, and is busy with those of others: ${wrong.length} tasks wait for it.`,
      'Try later, or wait longer: --timeout 15m',
    );
  }
  const texts = wrong.map(({ effect, end }) => `${effect.prompt} ${end.text}, not ${effect.end}`);
  return fail('sandbox', `These effects were different: ${texts.join('; ')}.`, seeErrors);
}

async function endOf(ports: TaskPorts, { prompt, n = 1, seconds = 0 }: Effect): Promise<End> {
  const { api, upload, newKey, timeoutMs } = ports;
  const image_uploads = [{ content_type: 'image/jpeg' as const }];
  const { id, uploads = [] } = await api.create({ prompt, n, image_uploads }, newKey());
  for (const form of uploads) await upload(form);
  const task = await readUntil(ports, id, hasEnded, timeoutMs);
  const taken = secondsAtProvider(task);
  const wasFast = taken < seconds ? `, after ${taken.toFixed(1)} s` : '';
  return { text: `${describeEnd(task, n)}${wasFast}`, isQueued: placeInQueue(task) !== undefined };
}

function describeEnd(task: Task, n: number): string {
  if (task.status === 'failed') return `failed with ${task.error.code}`;
  if (task.status !== 'completed') return `is still ${task.status}`;
  return `completed with ${task.results.length} of ${n}`;
}

/** From the accepted job to the end of the task. */
function secondsAtProvider({ events }: Task): number {
  const submitted = events.find(({ type }) => type === 'submitted');
  const last = events.at(-1);
  return submitted && last ? last.at - submitted.at : 0;
}
