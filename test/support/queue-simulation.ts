import type { Capacity } from '../../functions/domain/model/capacity.ts';
import { defaultModel } from '../../functions/domain/model/catalogue.ts';
import type { Progress } from '../../functions/domain/model/provider.ts';
import {
  type EndedTask,
  isDeleted,
  isEnded,
  isQueued,
  requestOf,
  type TaskState,
} from '../../functions/domain/model/task.ts';
import { ProviderBusy } from '../../functions/domain/model/workflow-errors.ts';
import type { PollSchedule } from '../../functions/domain/providers/poll-schedule.ts';
import { poolOf } from '../../functions/domain/providers/pools.ts';
import {
  type QueueEstimate,
  queueEstimates,
} from '../../functions/domain/providers/queue-position.ts';
import type { QueueStore } from '../../functions/domain/providers/queue-store.ts';
import { reconcileSlots } from '../../functions/domain/providers/reconcile-slots.ts';
import { providerSlots, type SlotDeps } from '../../functions/domain/providers/slots.ts';
import { awaitSlot } from '../../functions/domain/tasks/begin-wait.ts';
import { ensureWorkflowRunning } from '../../functions/domain/tasks/ensure-workflow.ts';
import { pollTask } from '../../functions/domain/tasks/poll-task.ts';
import type { TaskStore, Workflow } from '../../functions/domain/tasks/ports.ts';
import { reconcile } from '../../functions/domain/tasks/reconcile.ts';
import { settleActive, settleTask } from '../../functions/domain/tasks/settle-task.ts';
import { submitTask } from '../../functions/domain/tasks/submit-task.ts';
import { summaryView } from '../../functions/domain/wire/view.ts';
import { only } from './fakes.ts';
import { memoryQueue } from './memory-queue.ts';
import { memoryTasks } from './memory-tasks.ts';
import type { Records } from './money.ts';
import { seededRandom, simulatedTime } from './simulated-time.ts';
import { pending } from './tasks.ts';

/** A task of a simulation, and the time of its create. */
type Arrival = {
  readonly at: number;
  readonly account: string;
  readonly n?: number;
  readonly lane?: 'interactive' | 'bulk';
  /** When its caller cancels it, counted from its arrival. */
  readonly cancelAfter?: number | undefined;
};

export type SimulationOptions = {
  readonly seed: number;
  readonly arrivals: readonly Arrival[];
  /** The capacity that is deployed from each time on, the first one from the start. Without a capacity there is no limit. */
  readonly capacities: readonly { readonly at: number; readonly capacity?: Capacity }[];
  /** How many jobs the provider runs at once, and whether it queues the others or refuses them. */
  readonly provider: { readonly running: number; readonly queues: boolean };
  /** How long a job takes, in milliseconds. */
  readonly jobMs: (random: () => number) => number;
  readonly webhooks: boolean;
  /** The share of calls before which a function crashes, and after which. */
  readonly crash: number;
  readonly lostWakes: number;
  readonly doubleWakes: number;
  readonly repeatedWrites: number;
  /** How far the clocks of functions are apart, in milliseconds. */
  readonly skewMs: number;
  /** The share of tasks that get a second execution while the first is alive. */
  readonly secondExecutions: number;
  /** The share of dead executions without an event. */
  readonly lostEnds: number;
  /** The share of calls that take up to three seconds. */
  readonly slowCalls: number;
  readonly withReconciler: boolean;
  /** How many submits find the provider busy with the jobs of others. */
  readonly busySubmits?: number;
  /** The times at which the positions of all waiting tasks are read, counted from the start. */
  readonly asks?: readonly number[];
  readonly until: number;
};

/** The position and the progress of a waiting task at one time. */
type Answer = QueueEstimate & {
  readonly at: number;
  readonly taskId: string;
  readonly progress: number;
};

class Crashed extends Error {}

/** One run of a function. It ends with its first crash. */
type Invocation = { isDead: boolean; readonly skew: number };

type Wait = { readonly end: (how: Ending) => void };
type Ending =
  | { readonly kind: 'success' | 'woken' | 'timeout' }
  | { readonly kind: 'rescheduled'; readonly waitSeconds: number; readonly pollSeconds: number };

const start = 1_790_000_000_000;
const typicalSeconds = 30;
const writes =
  /^(take|hold|keep|release|reclaim|mark|clear|pause|enter|return|forget|add|claim|unclaim|endClaim|remove)/;

/** Runs the real functions of the workflow, the queue and the reconciler with simulated time and faults of every kind. */
export async function simulateQueue(options: SimulationOptions) {
  const random = seededRandom(options.seed);
  const time = simulatedTime(start);
  const records: Records['tasks'] = new Map();
  const store = memoryTasks({ tasks: records, attempts: new Map() });
  const rows = memoryQueue();
  const violations: string[] = [];
  const handed: string[] = [];
  const handedAt = new Map<string, number>();
  const answers: Answer[] = [];
  const entered = new Map<string, number>();
  const expired: string[] = [];
  const reclaimed: string[] = [];
  let calls = 0;
  let crashes = 0;
  let rejectedSubmits = 0;
  let attempts = 0;

  const taskOf = (id: string): TaskState => {
    const record = records.get(id);
    if (!record || record.status === 'deleted') throw new Error(`${id} does not exist`);
    return record;
  };
  const capacityNow = (): Capacity | undefined => {
    const known = options.capacities.findLast(({ at }) => start + at <= time.now());
    return known ? known.capacity : { running: 0 };
  };
  const poolNow = () =>
    poolOf('dashscope', defaultModel.id, { capacity: capacityNow(), countedBy: 'model' });
  const largest = Math.max(
    ...options.capacities.map(({ capacity }) =>
      capacity ? capacity.running + (capacity.ahead ?? 0) : Number.POSITIVE_INFINITY,
    ),
  );
  const slotsTaken = () => rows.dump().slots.flatMap(({ row }) => [...row.leases]);

  // Every call of a function takes time. The function may crash before or after the call, and the SDK may repeat it.
  const invoke = (): Invocation => ({
    isDead: false,
    skew: (random() - 0.5) * options.skewMs,
  });
  const crashMaybe = (run: Invocation): void => {
    if (run.isDead) throw new Crashed();
    if (random() >= options.crash) return;
    run.isDead = true;
    crashes += 1;
    throw new Crashed();
  };
  const through = async <T>(run: Invocation, name: string, call: () => Promise<T>): Promise<T> => {
    calls += 1;
    await time.sleep(random() < options.slowCalls ? 3000 * random() : 2 + 6 * random());
    crashMaybe(run);
    const first = await call();
    const isRepeated = writes.test(name) && random() < options.repeatedWrites;
    const result = isRepeated ? await call() : first; // the first response was lost
    crashMaybe(run);
    await time.sleep(1 + 4 * random());
    if (run.isDead) throw new Crashed();
    return result;
  };
  const gated = <T extends object>(run: Invocation, target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...given: readonly unknown[]) =>
          through(run, String(name), async () => member.apply(target, given));
      },
    });
  const checkedRows: QueueStore = {
    ...rows,
    takeSlot: async (key, taskId, lease, terms) => {
      const written = await rows.takeSlot(key, taskId, lease, terms);
      if (written.done && !lease.held) {
        handed.push(taskId);
        handedAt.set(taskId, time.now());
      }
      if (written.done && written.row.leases.size > largest) violations.push('too many slots');
      return written;
    },
    addWaiting: async (waiting) => {
      await rows.addWaiting(waiting);
      if (!entered.has(waiting.taskId)) entered.set(waiting.taskId, handed.length);
    },
  };

  const estimatesOf = (queue: QueueStore) =>
    queueEstimates({
      queue,
      poolOf: poolNow,
      pools: [poolNow()],
      typicalSeconds: async () => typicalSeconds,
      now: time.now,
    });
  for (const at of options.asks ?? []) {
    time.after(at, () => {
      const { ofQueued } = estimatesOf(rows);
      for (const task of records.values()) {
        if (isDeleted(task) || !isQueued(task)) continue;
        const { progress } = summaryView(task, time.now(), typicalSeconds);
        void ofQueued(task).then((found) => {
          if (found) answers.push({ ...found, at: time.now(), taskId: task.id, progress });
        });
      }
    });
  }

  // Task tokens.
  const waits = new Map<string, Wait>();
  const end = (token: string, how: Ending): void => {
    waits.get(token)?.end(how);
    waits.delete(token);
  };
  const sendMaybe = async (token: string, how: Ending): Promise<void> => {
    if (random() < options.lostWakes) return;
    end(token, how);
    if (random() < options.doubleWakes) time.after(1000 * random(), () => end(token, how));
  };
  const tokens: Omit<Workflow, 'start' | 'executionState' | 'keepAlive'> = {
    fail: (token) => sendMaybe(token, { kind: 'timeout' }),
    wake: (token) => sendMaybe(token, { kind: 'woken' }),
    // When the end of a poll is lost, there is no wake-up: the poll is retried.
    finish: (token) => sendMaybe(token, { kind: 'success' }),
    reschedule: async (token, _id, schedule) => end(token, { kind: 'rescheduled', ...schedule }),
  };

  // The provider.
  type JobState = 'queued' | 'running' | 'done';
  const jobs = new Map<string, JobState>();
  const submits = new Map<string, number>();
  let busyMs = 0;
  let wantedMs = 0;
  let since = start;
  const running = () => [...jobs.values()].filter((state) => state === 'running').length;
  const openTasks = () =>
    [...records.values()].filter(
      (task) => task.status === 'pending' && !('submitLockedAt' in task && task.submitLockedAt),
    ).length;
  const measure = (): void => {
    const passed = time.now() - since;
    since = time.now();
    const isWanted = openTasks() > 0;
    if (isWanted) {
      busyMs += passed * running();
      wantedMs += passed * options.provider.running;
    }
  };
  const startJobs = (): void => {
    for (const [id, state] of jobs) {
      if (state !== 'queued' || running() >= options.provider.running) continue;
      jobs.set(id, 'running');
      time.after(options.jobMs(random), () => {
        measure();
        jobs.set(id, 'done');
        startJobs();
        if (options.webhooks) time.after(50 * random(), () => void webhook(id));
      });
    }
  };
  const webhook = async (id: string): Promise<void> => {
    const task = await store.recordProviderWebhook(id, 'dashscope', time.now());
    if (task?.wakeToken) end(task.wakeToken, { kind: 'woken' });
  };
  const checkSubmit = (id: string): void => {
    submits.set(id, (submits.get(id) ?? 0) + 1);
    if ((submits.get(id) ?? 0) > 1) violations.push(`${id} was submitted twice`);
    if (poolNow().isLimited) checkSlots();
  };
  const checkSlots = (): void => {
    const withSlot = new Set(slotsTaken().map(([taskId]) => taskId));
    for (const [jobId, state] of jobs) {
      if (state !== 'done' && !withSlot.has(jobId)) violations.push(`the job ${jobId} has no slot`);
    }
  };
  const provider = {
    retentionMs: 24 * 60 * 60 * 1000,
    supportsWebhook: options.webhooks,
    submit: async ({ taskId }: { readonly taskId: string }): Promise<string> => {
      const open = [...jobs.values()].filter((state) => state !== 'done').length;
      attempts += 1;
      const isBusy = attempts <= (options.busySubmits ?? 0);
      if (isBusy || (!options.provider.queues && open >= options.provider.running)) {
        rejectedSubmits += 1;
        throw new ProviderBusy('429');
      }
      measure();
      jobs.set(taskId, 'queued');
      checkSubmit(taskId);
      startJobs();
      return taskId;
    },
    poll: async (ticket: string): Promise<Progress> =>
      jobs.get(ticket) === 'done'
        ? { state: 'succeeded', images: [] }
        : { state: jobs.get(ticket) === 'running' ? 'running' : 'queued' },
  };

  // The functions.
  const unused = async (): Promise<never> => {
    throw new Error('not expected here');
  };
  const signal = () => undefined;
  const slotDepsOf = (run: Invocation, tasks: TaskStore): SlotDeps => ({
    queue: gated(run, checkedRows),
    tasks,
    wake: (token) => through(run, 'wake', () => tokens.finish(token)),
    now: () => Math.round(time.now() + run.skew),
    uniqueId: () => `id-${Math.floor(random() * 2 ** 40)}`,
    grantExpired: (taskId) => void expired.push(taskId),
    poolOf: poolNow,
    pools: [poolNow()],
  });
  const gatedTokens = (run: Invocation): typeof tokens => ({
    wake: (token) => through(run, 'send', () => tokens.wake(token)),
    finish: (token) => through(run, 'send', () => tokens.finish(token)),
    fail: (token, error) => through(run, 'send', () => tokens.fail(token, error)),
    reschedule: (...given) => through(run, 'send', () => tokens.reschedule(...given)),
  });
  const functionsOf = (run: Invocation) => {
    const tasks = gated(run, store);
    const now = () => Math.round(time.now() + run.skew);
    const slotDeps = slotDepsOf(run, tasks);
    const slots = providerSlots(slotDeps);
    const workflow = gatedTokens(run);
    const release = (task: TaskState) => slots.release(task).catch(signal);
    const settlement = {
      ledger: {
        settle: (ended: EndedTask) =>
          through(run, 'settle', async () => {
            const task = records.get(ended.id);
            if (!task || isDeleted(task) || isEnded(task)) return undefined;
            records.set(ended.id, { ...requestOf(task), ...ended });
            return ended;
          }),
      },
      results: { stored: async () => new Map(), store: unused, storeInput: unused },
      now,
      retentionDays: 30,
    };
    const keepAlive = () => ({ [Symbol.asyncDispose]: async () => undefined });
    return {
      submit: submitTask({
        tasks,
        inputs: { link: async () => 'https://inputs.example.com/1' },
        providers: only(gated(run, provider)),
        availableProviders: async () => ['dashscope'],
        webhookUrl: async () => 'https://api.example.com/called',
        typicalSeconds: async () => typicalSeconds,
        expectedWait: estimatesOf(gated(run, checkedRows)).ofNewcomer,
        slots,
        now,
        pause: time.sleep,
        onAccepted: signal,
        outcomeUnknown: signal,
        onDeferred: signal,
        operatorMustAct: signal,
        onFallback: signal,
        recordRejection: async () => undefined,
      }),
      awaitSlot: awaitSlot({ tasks, slots, workflow, pause: time.sleep }),
      poll: pollTask({
        tasks,
        workflow: { ...gatedTokens(run), keepAlive },
        releaseSlot: release,
        endTask: (task) => settleActive(settlement)(task),
        notifyCaller: async () => undefined,
        endingFailed: signal,
        providers: only(gated(run, provider)),
        now,
        providerBusy: signal,
        overdue: signal,
        unanswered: signal,
      }),
      settle: settleTask({ tasks, releaseSlot: release, ...settlement }),
      reconcileTasks: reconcile({
        tasks,
        inputs: { uploaded: async () => new Set() },
        workflow,
        enterQueue: slots.enter,
        ensureWorkflowRunning: ensureWorkflowRunning({
          tasks,
          workflow: executions,
          now,
          exhausted: signal,
        }),
        deliverCallback: unused,
        deletePictures: unused,
        now,
        recovered: signal,
        failed: signal,
      }),
      reconcileSlots: reconcileSlots({
        ...slotDeps,
        reclaimed: (taskId) => void reclaimed.push(taskId),
      }),
    };
  };

  // The state machine. An execution dies when the retries of a state are over, and in the middle of a wait.
  const alive = new Set<string>();
  const known = new Set<string>();
  const executions: Pick<Workflow, 'start' | 'executionState'> = {
    start: async (id, execution = 1) => {
      const name = `${id}-${execution}`;
      if (known.has(name)) return;
      known.add(name);
      alive.add(name);
      void execute(id, name);
    },
    executionState: async (id, execution) => {
      const name = `${id}-${execution}`;
      if (alive.has(name)) return 'running';
      return known.has(name) ? 'over' : 'absent';
    },
  };
  const invokeWithRetries = async <T>(
    retries: number,
    call: (functions: ReturnType<typeof functionsOf>) => Promise<T>,
    isFinal: (error: unknown) => boolean = () => false,
  ): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call(functionsOf(invoke()));
      } catch (error) {
        if (isFinal(error) || attempt >= retries) throw error;
        await time.sleep(random() * 2000 * 2 ** Math.min(attempt, 5));
      }
    }
  };
  /** Waits with a token, which the function saves; each retry has a token of its own. */
  const waitWithToken = async (
    seconds: number,
    call: (functions: ReturnType<typeof functionsOf>, token: string) => Promise<unknown>,
  ): Promise<Ending> => {
    for (let attempt = 0; ; attempt += 1) {
      const token = `token-${Math.floor(random() * 2 ** 40)}`;
      const ended = new Promise<Ending>((resolve) => {
        waits.set(token, { end: resolve });
        time.after(seconds * 1000, () => end(token, { kind: 'timeout' }));
      });
      const failure = call(functionsOf(invoke()), token).then(
        () => new Promise<never>(() => undefined),
        (error: unknown) => ({ error }),
      );
      const first = await Promise.race([ended, failure]);
      if ('kind' in first) return first;
      waits.delete(token);
      if (attempt >= 12) throw first.error;
      await time.sleep(random() * 2000 * 2 ** Math.min(attempt, 5));
    }
  };
  const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
    error instanceof Error && names.includes(error.name);
  const submitUntilAccepted = async (id: string) => {
    for (;;) {
      try {
        return await invokeWithRetries(
          5,
          (functions) => functions.submit(id),
          (error) => isNamed(error, 'TaskFailed', 'NoFreeSlot'),
        );
      } catch (error) {
        if (!isNamed(error, 'NoFreeSlot')) return error;
        await waitWithToken(6 * 60 * 60, ({ awaitSlot: wait }, token) => wait(id, token));
      }
    }
  };
  const isSchedule = (value: unknown): value is PollSchedule =>
    typeof value === 'object' && value !== null && 'waitSeconds' in value;
  const pollUntilDone = async (id: string, first: PollSchedule) => {
    let { waitSeconds, pollSeconds } = first;
    await waitWithToken(waitSeconds, async (_, token) => {
      const task = await store.saveTaskToken(id, token);
      if (task?.providerWebhookAt && task.providerWebhookAt > (task.polledAt ?? 0)) {
        end(token, { kind: 'woken' });
      }
    });
    for (;;) {
      const how = await waitWithToken(pollSeconds, ({ poll }, token) =>
        poll(id, token, pollSeconds),
      );
      if (how.kind === 'success') return;
      if (how.kind !== 'rescheduled') continue;
      ({ waitSeconds, pollSeconds } = how);
      await time.sleep(waitSeconds * 1000);
    }
  };
  const execute = async (id: string, name: string): Promise<void> => {
    try {
      await store.recordStarted(id, {
        startedAt: time.now(),
        nextCheckAt: time.now() + 5 * 60 * 1000,
      });
      const submitted = await submitUntilAccepted(id);
      if (isSchedule(submitted)) {
        await pollUntilDone(id, submitted);
      }
      const error = isNamed(submitted, 'TaskFailed') ? undefined : { Error: 'Unknown' };
      await invokeWithRetries(3, ({ settle }) => settle(id, error));
      alive.delete(name);
    } catch {
      alive.delete(name);
      if (random() >= options.lostEnds) {
        await time.sleep(1000 + 1000 * random());
        await restart(id);
      }
    }
  };
  const restart = async (id: string): Promise<void> => {
    const task = taskOf(id);
    if (isEnded(task)) return;
    const run = invoke();
    await ensureWorkflowRunning({
      tasks: gated(run, store),
      workflow: executions,
      now: time.now,
      exhausted: signal,
    })(task).catch(signal);
  };

  // The callers.
  const ids = options.arrivals.map(
    (_, index) => `task-unified-1790000000-${String(index).padStart(8, 'a')}`,
  );
  for (const [index, arrival] of options.arrivals.entries()) {
    const id = ids[index] ?? '';
    time.after(arrival.at, () => {
      measure();
      const task = pending({
        id,
        account: arrival.account,
        n: arrival.n ?? 1,
        createdAt: time.now(),
        nextCheckAt: time.now() + 60_000,
        ...(arrival.lane && { lane: arrival.lane }),
      });
      records.set(id, task);
      void executions.start(id);
      if (random() < options.secondExecutions) {
        time.after(60_000 * random(), () => void executions.start(id, 900));
      }
      if (arrival.cancelAfter !== undefined) {
        time.after(arrival.cancelAfter, () => {
          void store.requestCancel(id, time.now(), time.now() + 60_000).then(async (cancelled) => {
            if (cancelled?.wakeToken) await tokens.wake(cancelled.wakeToken);
          });
        });
      }
    });
  }
  // The longest time for which a slot was free while somebody waited.
  let freeSince: number | undefined;
  let longestFree = 0;
  const watch = (): void => {
    const free =
      slotsTaken().length < poolNow().segments.reduce((sum, { slots }) => sum + slots, 0);
    const isIdle =
      free &&
      rows
        .dump()
        .waiting.some(
          ({ taskId }) =>
            taskOf(taskId).status === 'pending' && !('submitLockedAt' in taskOf(taskId)),
        );
    if (!isIdle) freeSince = undefined;
    else freeSince ??= time.now();
    if (freeSince !== undefined) longestFree = Math.max(longestFree, time.now() - freeSince);
    if (time.now() < start + options.until) time.after(500, watch);
  };
  time.after(0, watch);
  const everyMinute = (): void => {
    const run = invoke();
    void functionsOf(run).reconcileSlots().catch(signal);
    void functionsOf(invoke()).reconcileTasks().catch(signal);
    if (time.now() < start + options.until) time.after(60_000, everyMinute);
  };
  if (options.withReconciler) time.after(60_000 * random(), everyMinute);

  // Late events come within half an hour after the last end.
  const lastArrival = Math.max(...options.arrivals.map(({ at }) => start + at));
  let doneSince = Number.POSITIVE_INFINITY;
  const isDone = (): boolean => {
    const isOver =
      time.now() > lastArrival &&
      [...records.values()].every(({ status }) => status !== 'pending' && status !== 'processing');
    doneSince = isOver ? Math.min(doneSince, time.now()) : Number.POSITIVE_INFINITY;
    return time.now() > doneSince + 31 * 60_000;
  };
  await time.runUntil(start + options.until, isDone);
  measure();
  const tasks = ids.map(taskOf);
  return {
    violations,
    /** How many others were handed a slot from when a task entered the queue until it was handed its own. */
    handedBefore: (index: number): number => {
      const id = ids[index] ?? '';
      return handed.indexOf(id) - (entered.get(id) ?? Number.NaN);
    },
    ids,
    tasks,
    open: tasks.filter((task) => !isEnded(task)).map(({ id, status }) => `${id} is ${status}`),
    slots: slotsTaken().map(([id]) => id),
    waiting: rows.dump().waiting.map(({ taskId }) => taskId),
    answers,
    handedAt,
    utilisation: busyMs / Math.max(1, wantedMs),
    longestFreeMs: longestFree,
    calls,
    crashes,
    rejectedSubmits,
    expired: expired.length,
    reclaimed: reclaimed.length,
  };
}
