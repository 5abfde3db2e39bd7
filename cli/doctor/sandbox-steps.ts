import type { Task } from '../api/api.ts';
import { type Finding, fail, ok, seeErrors } from './finding.ts';
import { hasEnded, readUntil, type TaskPorts } from './task-steps.ts';

type Effect = {
  /** What the prompt asks the sandbox provider for. */
  readonly prompt: string;
  readonly n?: number;
  /** How a task with it has to end. */
  readonly end: string;
  /** How many seconds its job has to take at least. */
  readonly seconds?: number;
};

/** Every effect that a prompt of test mode can have, and what becomes of the task. */
const effects: readonly Effect[] = [
  { prompt: '[fail: content_policy_violation]', end: 'failed with content_policy_violation' },
  { prompt: '[partial: 1]', n: 2, end: 'completed with 1 of 2' },
  { prompt: '[seconds: 5]', end: 'completed with 1 of 1', seconds: 5 },
  { prompt: '[busy]', end: 'completed with 1 of 1' },
  { prompt: '[unknown]', end: 'failed with service_error' },
];

/** Makes one task for each effect of the sandbox provider, and compares how they end. */
export async function* examineSandbox(ports: TaskPorts): AsyncGenerator<Finding> {
  const ends = await Promise.all(effects.map((effect) => endOf(ports, effect)));
  const wrong = effects.flatMap(({ prompt, end }, index) =>
    ends[index] === end ? [] : [`${prompt} ${ends[index]}, not ${end}`],
  );
  if (wrong.length > 0) {
    yield fail('sandbox', `Not as they should: ${wrong.join('; ')}.`, seeErrors);
    return;
  }
  yield ok(
    'sandbox',
    `Each effect did what it says: ${effects.map(({ prompt }) => prompt).join(' ')}`,
  );
}

async function endOf(ports: TaskPorts, { prompt, n = 1, seconds = 0 }: Effect): Promise<string> {
  const { api, upload, newKey, timeoutMs } = ports;
  const image_uploads = [{ content_type: 'image/jpeg' as const }];
  const { id, uploads = [] } = await api.create({ prompt, n, image_uploads }, newKey());
  for (const form of uploads) await upload(form);
  const task = await readUntil(ports, id, hasEnded, timeoutMs);
  const taken = secondsAtProvider(task);
  const wasFast = taken < seconds ? `, after ${taken.toFixed(1)} s` : '';
  return `${describeEnd(task, n)}${wasFast}`;
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
