import type { CrashPlan, Invocation } from '../support/faults/crash-injector.ts';

/** A moment at which a function can crash: before or after one of its outgoing calls. */
export type CrashPoint = Required<
  Pick<CrashPlan, 'function' | 'callName' | 'call' | 'when' | 'nth'>
> & {
  /** The submit lock is held and no ticket is stored: whether the provider took the job is unknown. */
  readonly isSubmitUnknown: boolean;
};

/** How often a state repeats depends on the clock. From the third time on it does nothing new. */
const maxRounds = 2;

/**
 * All crash points of the functions that are included, derived from their recorded invocations. A call
 * is identified by its name and its number among equal calls: warm sandboxes make fewer calls.
 */
export function crashPointsOf(
  invocations: readonly Invocation[],
  isIncluded: (name: string) => boolean = isWorkflow,
): readonly CrashPoint[] {
  const rounds = new Map<string, number>();
  return invocations.flatMap(({ function: name, calls }) =>
    !isIncluded(name)
      ? []
      : calls.flatMap((callName, index) => {
          const call = calls.slice(0, index + 1).filter((one) => one === callName).length;
          const key = [name, callName, call].join();
          const nth = (rounds.get(key) ?? 0) + 1;
          rounds.set(key, nth);
          if (nth > maxRounds) return [];
          return (['before', 'after'] as const).map((when) => {
            const callsMade = when === 'before' ? index : index + 1;
            return {
              function: name,
              callName,
              call,
              when,
              nth,
              isSubmitUnknown: isSubmitUnknown(name, calls, callsMade),
            };
          });
        }),
  );
}

const isWorkflow = (name: string): boolean =>
  name.startsWith('workflow/') || name === 'events/input-uploaded';

const write = 'dynamodb UpdateItem';
const submit = /^POST /;

// SubmitTask writes the submit lock last before it submits the job, and the ticket first after it. Between them
// the submit is unknown.
function isSubmitUnknown(name: string, calls: readonly string[], callsMade: number): boolean {
  const submitted = calls.findIndex((call) => submit.test(call));
  if (name !== 'workflow/submit-task' || submitted < 0) return false;
  const locked = calls.lastIndexOf(write, submitted);
  return callsMade > locked && callsMade <= calls.indexOf(write, submitted);
}

/** The state of the submit after a crash in this invocation, derived from the calls up to the crash. */
export function submitAfter(
  { function: name, calls }: Invocation,
  when: CrashPoint['when'],
): 'known' | 'unknown' | 'perhaps unknown' {
  if (name !== 'workflow/submit-task') return 'known';
  const submitted = calls.findIndex((call) => submit.test(call));
  const made = when === 'before' ? calls.slice(0, -1) : calls;
  // The last write may be that of the lock.
  if (submitted < 0)
    return made.length === calls.length && calls.at(-1) === write ? 'perhaps unknown' : 'known';
  return made.indexOf(write, submitted) < 0 ? 'unknown' : 'known';
}

/** The crash points of several tasks, each of them once: those that at least so many of the tasks have. */
export const commonPoints = (points: readonly CrashPoint[], tasks: number): readonly CrashPoint[] =>
  [...Map.groupBy(points, formatCrashPoint).values()].flatMap((same) =>
    same.length >= tasks ? same.slice(0, 1) : [],
  );

/** The crash points that two runs share. A retry of a client, or a cold start, occurs in one of them only. */
export function intersect(
  some: readonly CrashPoint[],
  others: readonly CrashPoint[],
): readonly CrashPoint[] {
  const known = new Set(others.map(formatCrashPoint));
  return some.filter((point) => known.has(formatCrashPoint(point)));
}

export const formatCrashPoint = ({
  function: name,
  callName,
  call,
  when,
  nth,
}: CrashPoint): string =>
  `${name} ${nth > 1 ? `(round ${nth}) ` : ''}crashes ${when} ${callName}${call > 1 ? ` #${call}` : ''}`;
