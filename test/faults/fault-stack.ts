import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import * as z from 'zod';
import { issueKey } from '../../local/local-keys.ts';
import type { LocalStackOptions } from '../../local/local-stack.ts';
import { type Body, openStack, type TestStack, until } from '../flow/open-stack.ts';
import { serveImages } from '../flow/receiver.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';
import type { Invocation } from '../support/faults/crash-injector.ts';
import { type ExecutionEvents, recordExecutionEvents } from './execution-events.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

export type FaultStack = TestStack & {
  readonly clock: FakeClock;
  readonly taskEvents: ExecutionEvents;
  readonly receiver: WebhookReceiver;
  /** The invocations of all functions since the start, with their outgoing calls. */
  readonly invocations: readonly Invocation[];
  /** The URL of an image that is a valid input. */
  readonly imageUrl: string;
  /**
   * Creates a task. Retries with one Idempotency-Key, as a caller without a response does.
   * `beforeStart` gets the task's id before its workflow begins.
   */
  createTask(body: object, beforeStart?: (taskId: string) => void): Promise<Body>;
  /** No execution and no function is running, and no event is waiting for another delivery. */
  isIdle(): boolean;
  /**
   * Lets time pass until none of these tasks needs another check: whenever the stack is idle, moves the
   * clock to the next check that is due and runs the reconciler. Returns how often the reconciler ran.
   */
  reconcileUntilDone(taskIds: readonly string[]): Promise<number>;
};

export type FaultStackOptions = {
  readonly outdir: string;
  readonly speed?: number;
  readonly parameters?: Readonly<Record<string, string>>;
  /** How often a create is tried when there is no response. */
  readonly attempts?: number;
  /** The status of the webhook receiver's response, by the path and the attempt. */
  readonly callbackStatus?: (path: string, attempt: number) => number;
  /** How long calls to DynamoDB take: with it they overlap, and transactions conflict. */
  readonly dynamoDbLatency?: LocalStackOptions['dynamoDbLatency'];
  /** Further observers of the stack. */
  readonly observer?: Pick<LocalStackOptions, 'onLog' | 'onRequest' | 'onTransition'>;
};

/** More than any task may need, so that a task that is checked for ever is found. */
const maxReconcilerRuns = 60;
/** The interval of the reconciler. */
const minuteMs = 60_000;
const defaultAttempts = 6;

/** Starts a stack whose clock can be moved forward, with an account whose limits and credits suffice. */
export async function openFaultStack({
  outdir,
  speed = 4, // slow enough that a wait stays longer than the work of many tasks at a time
  callbackStatus,
  parameters = {},
  attempts = defaultAttempts,
  dynamoDbLatency,
  observer: { onTransition, ...observer } = {},
}: FaultStackOptions): Promise<FaultStack> {
  const clock = fakeClock();
  const taskEvents = recordExecutionEvents();
  const stack = await openStack({
    outdir,
    speed,
    clock,
    parameters,
    dynamoDbLatency,
    // Enough for all functions of the tasks that run at a time: a function that waits for a sandbox would be late.
    limits: { maxSandboxes: 40 },
    ...observer,
    onTransition: (event) => {
      taskEvents.record(event);
      onTransition?.(event);
    },
  });
  const receiver = await startWebhookReceiver(callbackStatus);
  receiver.setSecret(stack.keys.webhookSecret);
  const images = await serveImages({ '/grey.png': await greyImage() });
  await raiseLimits(stack);
  const invocations = stack.faults.record();
  const isIdle = () => taskEvents.runningCount() === 0 && stack.lambda.isIdle();
  return {
    ...stack,
    clock,
    taskEvents,
    receiver,
    invocations,
    isIdle,
    imageUrl: `${images.url}/grey.png`,
    createTask: taskCreator(stack, attempts),
    reconcileUntilDone: async (taskIds) => {
      for (let runs = 0; runs < maxReconcilerRuns; runs += 1) {
        await until(isIdle, Boolean);
        const next = await nextCheckOf(stack, taskIds);
        if (next === undefined) return runs;
        clock.advance(Math.max(minuteMs, next - clock.now() + 1));
        await stack.reconcile();
      }
      return maxReconcilerRuns;
    },
    close: async () => {
      await stack.close();
      await Promise.all([receiver.close(), images.close()]);
    },
  };
}

const greyImage = () =>
  sharp({ create: { width: 400, height: 400, channels: 3, background: 'grey' } })
    .png()
    .toBuffer();

async function raiseLimits(stack: TestStack): Promise<void> {
  const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
  const authorization = `Bearer ${stack.keys.adminKey}`;
  const { status } = await stack.call(
    'PATCH',
    '/v1/admin/accounts/default',
    { limits },
    { authorization },
  );
  if (status !== 200) throw new Error(`the limits could not be raised: ${status}`);
  await issueKey(stack, { account: 'default', name: 'rich', credits: 100_000 });
}

const Start = z.object({ input: z.string() });
const Input = z.object({ taskId: z.string() });

// A fault must be injected before its function runs, but a workflow begins before the caller knows the id
// of the task. So tasks are created one by one, and StartExecution requests are watched: the first one for
// an unknown task belongs to the task that is being created.
function taskCreator({ faults, create }: TestStack, attempts: number): FaultStack['createTask'] {
  const known = new Set<string>();
  let previous: Promise<unknown> = Promise.resolve();
  let notify: (taskId: string) => void = () => undefined;
  const notifyOnce = (taskId: string) => {
    if (known.has(taskId)) return;
    known.add(taskId);
    notify(taskId);
  };
  const watch = (request: unknown) => {
    notifyOnce(Input.parse(JSON.parse(Start.parse(request).input)).taskId);
    return false;
  };
  faults.breakRequest({ kind: 'start', fault: 'delay', matching: watch });
  return (body, beforeStart = () => undefined) => {
    const creation = previous.then(async () => {
      notify = beforeStart;
      const key = `task-of-${randomUUID()}`;
      const created = await retryCreate(attempts, () => create(body, { 'idempotency-key': key }));
      notifyOnce(created.id); // a task that waits for its uploads has not been started
      return created;
    });
    previous = creation.catch(() => undefined);
    return creation;
  };
}

async function retryCreate(
  attempts: number,
  call: () => ReturnType<TestStack['create']>,
): Promise<Body> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await call().catch(noResponse);
    if (status === 200) return body;
    if (status < 500 || attempt === attempts) throw new Error(`${status}: ${JSON.stringify(body)}`);
    await setTimeout(100 * Math.min(attempt, 10));
  }
}

const noResponse = (error: unknown) => ({ status: 599, body: String(error) });

async function nextCheckOf(
  stack: TestStack,
  taskIds: readonly string[],
): Promise<number | undefined> {
  const items = await Promise.all(taskIds.map((id) => stack.taskItem(id)));
  const checks = items.flatMap(({ nextCheckAt }) =>
    typeof nextCheckAt === 'number' ? [nextCheckAt] : [],
  );
  return checks.length === 0 ? undefined : Math.min(...checks);
}
