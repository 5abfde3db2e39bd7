import type { CrashPoint } from '../faults/crash-points.ts';

/** The faults that may be injected for a task. Four of ten tasks get none. */
const faultKinds = [
  'function crashes',
  'function crashes at every attempt',
  'CreateTask crashes',
  'recovery function crashes',
  'upload event is lost',
  'upload event comes twice',
  'start fails',
  'response to the start is lost',
  'start comes twice',
  'wake-up fails',
  'response to the wake-up is lost',
  'wake-up is lost',
  'wake-up comes twice',
  'execution is aborted',
  'execution is aborted and its event lost',
  'execution times out',
  'run of the reconciler is lost',
  'response of the provider is lost',
  'provider is busy',
  'provider generates fewer images',
  'provider fails',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** One task of the soak test, and the events that are planned for it. */
export type TaskPlan = {
  readonly number: number;
  readonly byUploads: boolean;
  readonly n: number;
  /** How many callbacks fail before one succeeds. Absent for a task without a callback. */
  readonly failedCallbacks: number | undefined;
  /** When it is cancelled, in milliseconds after its creation. */
  readonly cancelAfterMs: number | undefined;
  readonly fault: FaultKind | undefined;
  readonly crashPoint: CrashPoint;
  /** A random number from 0 to 1, for the details of the fault. */
  readonly chance: number;
};

export function planTask(
  number: number,
  random: () => number,
  crashPoints: readonly CrashPoint[],
): TaskPlan {
  const pick = <T>(items: readonly [T, ...T[]]): T =>
    items[Math.floor(random() * items.length)] ?? items[0];
  const [first] = crashPoints;
  if (!first) throw new Error('there are no crash points');
  return {
    number,
    byUploads: random() < 0.3,
    n: pick([1, 1, 1, 2, 3, 4]),
    failedCallbacks: random() < 0.7 ? pick([0, 0, 0, 1, 3, 5, 9]) : undefined,
    cancelAfterMs: random() < 0.1 ? random() * 6000 : undefined,
    fault: random() < 0.6 ? pick(faultKinds) : undefined,
    crashPoint: pick([first, ...crashPoints]),
    chance: random(),
  };
}
