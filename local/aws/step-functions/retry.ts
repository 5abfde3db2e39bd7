import { isTimeout, type TaskFailure, timeoutError } from './task-failure.ts';

export type Retrier = {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number | undefined;
  readonly MaxAttempts?: number | undefined;
  readonly BackoffRate?: number | undefined;
  readonly MaxDelaySeconds?: number | undefined;
  readonly JitterStrategy?: 'NONE' | 'FULL' | undefined;
};

/** The first rule that matches an error. Not even States.ALL matches an error that is final. */
export const matchingRule = <T extends { readonly ErrorEquals: readonly string[] }>(
  rules: readonly T[],
  { name, isFinal }: TaskFailure,
): T | undefined =>
  isFinal ? undefined : rules.find(({ ErrorEquals }) => ErrorEquals.some(matches(name)));

const matches =
  (error: string) =>
  (name: string): boolean =>
    name === error ||
    name === 'States.ALL' ||
    (name === timeoutError && isTimeout(error)) ||
    (name === 'States.TaskFailed' && !isTimeout(error));

/**
 * Decides about the retries of one visit of a state: after each failure, the seconds until the next
 * attempt, or undefined when there is none. Every rule counts its own attempts.
 */
export function retryDecision(rules: readonly Retrier[] = [], random = Math.random) {
  const retriesOf = new Map<Retrier, number>();
  return (failure: TaskFailure): number | undefined => {
    const rule = matchingRule(rules, failure);
    const retries = rule ? (retriesOf.get(rule) ?? 0) : 0;
    if (!rule || retries >= (rule.MaxAttempts ?? 3)) return undefined;
    retriesOf.set(rule, retries + 1);
    return delaySeconds(rule, retries, random);
  };
}

function delaySeconds(
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy }: Retrier,
  retries: number,
  random: () => number,
): number {
  const delay = Math.min(IntervalSeconds * BackoffRate ** retries, MaxDelaySeconds);
  return JitterStrategy === 'FULL' ? delay * random() : delay;
}
