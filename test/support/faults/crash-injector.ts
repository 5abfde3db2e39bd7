import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';
import { faultQueue } from './fault-queue.ts';
import type { WatchInvocation } from './sync-gate.ts';

/** One run of a function, described without ids: the same run has the same description every time. */
export type Invocation = {
  /** The file of the function without `functions/` and `.ts`, if the template names it; else its logical id. */
  readonly function: string;
  /** 1 for the first invocation of this function in the record, 2 for the second … */
  readonly number: number;
  /** In the order in which they were made: `dynamodb UpdateItem`, `POST 127.0.0.1 /jobs/…`. */
  readonly calls: readonly string[];
  /** Of each call: the longest chain of calls that each began when the one before was over, up to this one. */
  readonly depths: readonly number[];
  /** The event that it was invoked with. */
  readonly event: unknown;
};

/** Where a function crashes: before or after one of its outgoing calls (a crash point). */
export type CrashPlan = {
  readonly function: string;
  /** Its number in the record; any invocation, if it is left out. */
  readonly invocation?: number;
  /** The first call is 1. */
  readonly call: number;
  /** Only calls with this description are counted; all of them, if it is left out. */
  readonly callName?: string;
  /** Before the first byte is sent, or when the response is there and the function has not seen it. */
  readonly when: 'before' | 'after';
  /** The n-th invocation that gets to such a call, counted from when the plan is added. */
  readonly nth?: number;
  /** How many of these invocations crash, one after the other; one, if it is left out. */
  readonly times?: number;
  /** Is given the event that the function is invoked with. */
  readonly matching?: (event: unknown) => boolean;
};

/** Records the outgoing calls of functions, and lets functions crash where a plan says so. */
export function crashInjector() {
  const queue = faultQueue<CrashPlan>();
  let record: Invocation[] = [];
  let isRecording = false;

  const watch: WatchInvocation = (definition, event) => {
    const name = functionName(definition);
    const number = record.filter((one) => one.function === name).length + 1;
    const calls: string[] = [];
    const depths: number[] = [];
    const depthOf = new Map<number, number>();
    let depthOver = 0;
    const recordAtStart = record;
    recordAtStart.push({ function: name, number, calls, depths, event });
    return {
      decide(id, call) {
        calls.push(call);
        depths.push(depthOver + 1);
        depthOf.set(id, depthOver + 1);
        // The plans do not apply to an invocation that began in an earlier record.
        if (recordAtStart !== record) return 'continue';
        const plan = queue.take(
          (one) =>
            one.function === name &&
            isAtCall(one, calls) &&
            (one.invocation ?? number) === number &&
            (one.matching?.(event) ?? true),
        );
        return plan ? `crash ${plan.when}` : 'continue';
      },
      over(id) {
        depthOver = Math.max(depthOver, depthOf.get(id) ?? 0);
      },
    };
  };

  return {
    watch: () => (isRecording ? watch : undefined),
    isRecording: () => isRecording,
    /** Takes effect in the sandboxes that start from now on. */
    record(): readonly Invocation[] {
      isRecording = true;
      record = [];
      return record;
    },
    add: queue.add,
    clear() {
      isRecording = false;
      record = [];
      queue.clear();
    },
  };
}

const isAtCall = ({ call, callName }: CrashPlan, calls: readonly string[]): boolean => {
  const counted = callName === undefined ? calls : calls.filter((one) => one === callName);
  return counted.length === call && (callName === undefined || calls.at(-1) === callName);
};

/** The name of a function in records and plans. */
export const functionName = ({ id, description = '' }: FunctionDefinition): string =>
  /^(api|workflow|events)\/[\w-]+$/.test(description) ? description : id;
