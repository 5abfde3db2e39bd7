import { auditAccount } from '../../functions/domain/billing/audit-funds.ts';
import { type Body, mockProviderState } from '../flow/open-stack.ts';
import type { FaultStack } from './fault-stack.ts';
import { mapConcurrently } from './run-scenario.ts';
import type { SentTask, TaskEnd } from './scenarios.ts';

/** A task, with the ends and the callback states that are right for it. */
export type AuditedTask = SentTask & {
  readonly allowedEnds: readonly TaskEnd[];
  readonly allowedCallbacks?: readonly string[];
};

type Records = {
  readonly entries: ReadonlyMap<unknown, readonly Body[]>;
  /** The jobs that were submitted to the mock provider, by prompt. */
  readonly jobsByPrompt: ReadonlyMap<string, readonly Body[]>;
};

const pricePerImage = 1200;
const concurrency = 4;

/** Checks every task. Returns the problems of each, in the same order. */
export async function auditTasks(
  stack: FaultStack,
  tasks: readonly AuditedTask[],
): Promise<readonly (readonly string[])[]> {
  const [entries, { jobs }] = await Promise.all([stack.entries(), mockProviderState(stack)]);
  const records = {
    entries: Map.groupBy(entries, ({ taskId }) => taskId),
    jobsByPrompt: Map.groupBy<string, Body>(jobs, ({ prompt }) => prompt),
  };
  return mapConcurrently(concurrency, tasks, (task) => auditTask(stack, records, task));
}

async function auditTask(
  stack: FaultStack,
  { entries, jobsByPrompt }: Records,
  { id, prompt, allowedEnds, allowedCallbacks = ['delivered'] }: AuditedTask,
): Promise<readonly string[]> {
  const [item, { body: response }] = await Promise.all([
    stack.taskItem(id),
    stack.call('GET', `/v1/tasks/${id}`),
  ]);
  const { length: submits } = jobsByPrompt.get(prompt) ?? [];
  return [
    ...(item['nextCheckAt'] === undefined ? [] : ['it still has a next check']),
    ...endProblems(item, allowedEnds),
    ...moneyProblems(entries.get(id) ?? [], item),
    ...(submits > 1 ? [`it was submitted to the provider ${submits} times`] : []),
    ...(response.status === item['status'] ? [] : [`the API says that it is ${response.status}`]),
    ...(await resultProblems(response)),
    ...(item['callbackUrl'] === undefined ? [] : callbackProblems(stack, item, allowedCallbacks)),
  ];
}

const formatEnd = ({ status, code, images }: TaskEnd): string =>
  code ? `${status}: ${code}` : `${status}: ${images} image(s)`;

const imageCount = (item: Body): number => item['images']?.length ?? 0;

function endProblems(item: Body, allowed: readonly TaskEnd[]): readonly string[] {
  const images = imageCount(item);
  const actual = formatEnd({ status: item['status'], images, code: item['failure']?.code });
  const expected = allowed.map(formatEnd);
  return expected.includes(actual) ? [] : [`it is ${actual}, not ${expected.join(' or ')}`];
}

function moneyProblems(entries: readonly Body[], item: Body): readonly string[] {
  const expected = imageCount(item) * pricePerImage;
  const kinds = entries.map(({ kind }) => kind).join();
  const charged = entries.find(({ kind }) => kind === 'settle')?.charged;
  return [
    ...(kinds === 'reserve,settle' ? [] : [`its entries are ${kinds}`]),
    ...(item['charged'] === expected ? [] : [`it was charged ${item['charged']}, not ${expected}`]),
    ...(charged === expected ? [] : [`its entry says ${charged}, not ${expected}`]),
  ];
}

async function resultProblems({ results = [] }: Body): Promise<readonly string[]> {
  const responses: readonly Response[] = await Promise.all(
    results.map((url: string) => fetch(url)),
  );
  const files = await Promise.all(responses.map((response) => response.bytes()));
  return responses.flatMap(({ status, headers }, index) => {
    const isPng = headers.get('content-type') === 'image/png' && files[index]?.[1] === 0x50;
    return status === 200 && isPng ? [] : [`result ${index + 1} cannot be downloaded: ${status}`];
  });
}

function callbackProblems(
  { receiver }: FaultStack,
  { id, status, callback }: Body,
  allowed: readonly string[],
): readonly string[] {
  const deliveries = receiver.deliveriesOf(id);
  const events = new Set(deliveries.map(({ eventId }) => eventId));
  return [
    ...(deliveries.length > 0 ? [] : ['its callback was never received']),
    ...(allowed.includes(callback?.state) ? [] : [`its callback is ${callback?.state}`]),
    ...(events.size < 2 ? [] : ['its callback was received with several event ids']),
    ...deliveries.flatMap(({ problem }) => (problem ? [problem] : [])),
    ...deliveries.flatMap(({ body }) => {
      const { status: delivered } = JSON.parse(body);
      return delivered === status ? [] : [`its callback says that it is ${delivered}`];
    }),
  ];
}

/** Audits the account while no task is in flight. Returns the problems. */
export async function auditMoney(stack: FaultStack): Promise<readonly string[]> {
  const [shards, entries] = await Promise.all([stack.shards(), stack.entries()]);
  const discrepancies = auditAccount({
    account: 'default',
    shards: new Map(shards.entries()),
    entered: entries.reduce((sum, { amount }) => sum + amount, 0),
    open: new Map(),
  });
  return [
    ...(shards.length > 0 ? [] : ['the account has no shards']),
    ...discrepancies.map(
      ({ rule, shard, expected, found }) =>
        `not ${rule}, in shard ${shard ?? 'all'}: ${expected} and ${found}`,
    ),
  ];
}
