import type { components } from '../../api/schema.d.ts';

type Schemas = components['schemas'];
export type TaskRow = Schemas['AdminTaskList']['data'][number];
export type ProviderRow = Schemas['ProviderList']['data'][number];
type Code = NonNullable<TaskRow['code']>;

// Computes the operator's first screen from the lists of the API. Some CloudWatch alarms can be computed from these
// figures as well, with the same thresholds (infra/alarms.ts); a test compares them. CloudWatch itself is not read.

/** How far back tasks are read, and how far back counts as now, in seconds. */
export const windowSeconds = 3600;
const nowSeconds = 15 * 60;

/** Codes of tasks that failed because no provider took the job or finished it. */
const ofProviders: ReadonlySet<Code> = new Set<Code>([
  'resource_exhausted',
  'generation_timeout',
  'service_unavailable',
  'quota_exceeded',
]);
/** With these codes a provider rejects our account, and not a job. */
const ofAccount: ReadonlySet<Code> = new Set<Code>([
  'service_error',
  'service_unavailable',
  'quota_exceeded',
]);

export const thresholds = {
  ProviderFailing: { failed: 3, share: 0.5 },
  BrokenTask: 3,
  UndeliveredCallback: { count: 5, minutes: 60 },
  /** In seconds. */
  QueueStuck: 12 * 60 * 60,
  CanaryFailing: { succeeded: 2, minutes: 50 },
};

/** The account of the canary. While it exists and is enabled, this page assumes that the canary is turned on. */
export const canaryAccount = 'canary';

export type Activity = {
  readonly perMinute: number;
  readonly completed: number;
  /** How many tasks no provider has accepted yet. */
  readonly waiting: number;
  /** How many failed with each code, the most frequent first. */
  readonly failed: readonly (readonly [Code, number])[];
  /** How many seconds these counts cover. */
  readonly seconds: number;
  /** Whether all tasks were read; `false` when there are too many. */
  readonly isWhole: boolean;
};

const endOf = ({ created_at, duration }: TaskRow): number | undefined =>
  duration === null ? undefined : created_at + duration;

/**
 * The activity now: how many tasks are created, and how tasks end.
 * @param tasks the newest first. When there are too many, not all of them: then the counts cover a shorter time
 * @param now in unix seconds
 */
export function activityOf(tasks: readonly TaskRow[], isWhole: boolean, now: number): Activity {
  const oldest = tasks.at(-1)?.created_at ?? now;
  const seconds = isWhole ? nowSeconds : Math.max(1, Math.min(nowSeconds, now - oldest));
  const since = now - seconds;
  const ended = tasks.filter((task) => (endOf(task) ?? 0) >= since);
  const failed = new Map<Code, number>();
  for (const { code } of ended) if (code !== null) failed.set(code, (failed.get(code) ?? 0) + 1);
  return {
    perMinute: tasks.filter(({ created_at }) => created_at >= since).length / (seconds / 60),
    completed: ended.filter(({ status }) => status === 'completed').length,
    waiting: tasks.filter(({ status }) => status === 'pending').length,
    failed: [...failed].toSorted(([, a], [, b]) => b - a),
    seconds,
    isWhole,
  };
}

export type Undelivered = {
  readonly count: number;
  /** How many of them were surely given up in the window of the alarm, because their tasks ended in it. */
  readonly recent: number;
  readonly isWhole: boolean;
};

/**
 * The callbacks that were given up.
 * @param tasks those with such a callback; not all of them when there are many
 * @param now in unix seconds
 */
export function undeliveredOf(
  tasks: readonly TaskRow[],
  isWhole: boolean,
  now: number,
): Undelivered {
  const since = now - thresholds.UndeliveredCallback.minutes * 60;
  const recent = tasks.filter((task) => (endOf(task) ?? 0) >= since).length;
  return { count: tasks.length, recent, isWhole };
}

/** When the task that has waited longest began to wait, in unix seconds. */
export function oldestWaiting(providers: readonly ProviderRow[]): number | undefined {
  const times = providers.flatMap(({ slots }) =>
    slots.flatMap(({ oldest_waiting_since }) => oldest_waiting_since ?? []),
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

export type Figures = {
  readonly activity: Activity;
  /** Of the tasks of the last day. */
  readonly undelivered: Undelivered;
  readonly providers: readonly ProviderRow[];
  /** The tasks of the canary in the window of its alarm; absent: there is no canary. */
  readonly canaryTasks?: readonly TaskRow[] | undefined;
  /** In unix seconds. */
  readonly now: number;
};

export type Judgement = {
  /** The name of the alarm, and of its heading in the runbook. */
  readonly name: 'ProviderAccountRejected' | keyof typeof thresholds;
  /** `unknown`: the lists do not tell whether it fires. */
  readonly state: State;
  readonly because: string;
};
type State = 'firing' | 'unknown' | 'quiet';

const stateOf = (isFiring: boolean, isUnknown = false): State => {
  if (isFiring) return 'firing';
  return isUnknown ? 'unknown' : 'quiet';
};

const notWhole = 'There are more tasks than were read.';

/** The alarms that can be computed from these figures. */
export function judge(figures: Figures): readonly Judgement[] {
  return [
    providerFailing(figures),
    accountRejected(figures),
    brokenTask(figures),
    undeliveredCallback(figures),
    queueStuck(figures),
    ...(figures.canaryTasks ? [canaryFailing(figures.canaryTasks)] : []),
  ];
}

const countOf = ({ failed }: Activity, codes: ReadonlySet<Code>): number =>
  failed.reduce((sum, [code, count]) => sum + (codes.has(code) ? count : 0), 0);

function providerFailing({ activity, providers }: Figures): Judgement {
  const failed = countOf(activity, ofProviders);
  const all = failed + activity.completed;
  const limit = thresholds.ProviderFailing;
  const isWaiting =
    activity.waiting > 0 || providers.some(({ slots }) => slots.some(({ waiting }) => waiting > 0));
  // The alarm also counts how often the providers accepted no job. No list has that number, and it matters when nothing
  // is completed.
  const isBlind = activity.completed === 0 && isWaiting;
  return {
    name: 'ProviderFailing',
    state: stateOf(
      failed >= limit.failed && failed / all >= limit.share,
      isBlind || !activity.isWhole,
    ),
    because: [
      `${failed} of ${all} tasks that came to an end at the providers failed there.`,
      ...(isBlind ? ['None was completed, and tasks wait.'] : []),
      ...(activity.isWhole ? [] : [notWhole]),
    ].join(' '),
  };
}

function accountRejected({ providers, now }: Figures): Judgement {
  const today = new Date(now * 1000).toISOString().slice(0, 10);
  const offered = providers.filter(({ position }) => position !== null);
  const keyless = offered.filter(({ has_key }) => !has_key).map(({ id }) => id);
  const rejecting = offered.filter(({ rejections }) =>
    rejections.some(({ day, code }) => day === today && ofAccount.has(code)),
  );
  const reasons = [
    ...rejecting.map(({ id }) => `${id} has rejected the account today.`),
    ...(keyless.length > 0 ? [`No key is stored for ${keyless.join(', ')}.`] : []),
  ];
  return {
    name: 'ProviderAccountRejected',
    state: stateOf(rejecting.length > 0),
    because: reasons.join(' ') || 'No provider has rejected the account today.',
  };
}

function brokenTask({ activity }: Figures): Judgement {
  const count = countOf(activity, new Set(['service_error']));
  return {
    name: 'BrokenTask',
    state: stateOf(count >= thresholds.BrokenTask, !activity.isWhole),
    because: `${count} tasks ended with service_error, which is our fault.${activity.isWhole ? '' : ` ${notWhole}`}`,
  };
}

/** The list does not say when a callback was given up. That can be at once, or hours after the end of its task. */
function undeliveredCallback({ undelivered: { count, recent, isWhole } }: Figures): Judgement {
  const limit = thresholds.UndeliveredCallback;
  return {
    name: 'UndeliveredCallback',
    state: stateOf(recent >= limit.count, count >= limit.count || !isWhole),
    because: `The callbacks of ${count}${isWhole ? '' : ' or more'} tasks of the last day were given up, ${recent} of which ended in the last hour.`,
  };
}

function queueStuck({ providers, now }: Figures): Judgement {
  const since = oldestWaiting(providers);
  const seconds = since === undefined ? 0 : now - since;
  return {
    name: 'QueueStuck',
    state: stateOf(seconds >= thresholds.QueueStuck),
    because:
      since === undefined
        ? 'No task waits for a slot.'
        : `A task has waited for a slot for ${Math.floor(seconds / 60)} minutes.`,
  };
}

/**
 * A run may fail although its task was completed: when the link to the result does not work. Only CloudWatch shows that.
 */
function canaryFailing(tasks: readonly TaskRow[]): Judgement {
  const { succeeded, minutes } = thresholds.CanaryFailing;
  const completed = tasks.filter(({ status }) => status === 'completed').length;
  return {
    name: 'CanaryFailing',
    state: stateOf(completed < succeeded),
    because: `${completed} of ${tasks.length} tasks of the canary in the last ${minutes} minutes were completed.`,
  };
}
