import * as fc from 'fast-check';
import type { Context, Operation } from './interleavings-context.ts';
import { firstOperations, operation } from './interleavings-operations.ts';
import { barrierWithCrash, type Crash, Crashed, runInTurns } from './interleavings-scheduler.ts';

/** An operation, and at which calls its process crashes before it has finished it. */
type Process = {
  readonly operation: Operation;
  readonly crashes: readonly Crash[];
  toString(): string;
};

/** Processes that run at the same time, and in which order their calls reach the store. */
type Phase = {
  readonly processes: readonly Process[];
  readonly turns: readonly number[];
  toString(): string;
};

const crash = (maxCalls: number) =>
  fc.record<Crash>({
    call: fc.integer({ min: 1, max: maxCalls }),
    when: fc.constantFrom('before', 'after'),
  });

const process = (maxCalls: number): fc.Arbitrary<Process> =>
  fc
    .record({ operation, crashes: fc.array(crash(maxCalls), { maxLength: 2 }) })
    .map(({ operation, crashes }) => ({
      operation,
      crashes,
      toString: () =>
        [`${operation}`, ...crashes.map(({ when, call }) => `crashes ${when} call ${call}`)].join(
          ', ',
        ),
    }));

// The most important race: two processes run the same operation at the same time.
const duplicateOf = ({ operation }: Process): Process => ({
  operation,
  crashes: [],
  toString: () => `${operation}`,
});

const phase = (maxCalls: number): fc.Arbitrary<Phase> =>
  fc
    .record({
      processes: some(process(maxCalls), 3),
      withDuplicate: fc.boolean(),
      turns: fc.array(fc.nat(3), { maxLength: 5 * maxCalls }),
    })
    .map(({ processes: [first, ...others], withDuplicate, turns }) => ({
      processes: first ? [first, ...(withDuplicate ? [duplicateOf(first)] : []), ...others] : [],
      turns,
    }))
    .map(({ processes, turns }) => ({
      processes,
      turns,
      toString: () =>
        processes.length === 1
          ? `\n  ${processes}`
          : `\n  at once, in turns [${turns}]: ${processes.join(' | ')}`,
    }));

/** Histories on a store where an operation takes at most this many calls. */
export const history = (maxCalls: number): fc.Arbitrary<readonly Phase[]> =>
  some(phase(maxCalls), 8).map((phases) => phases.filter(({ processes }) => processes.length > 0));

// fast-check shrinks a list from its beginning only. With optional items it can drop any of them.
function some<T>(arbitrary: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<readonly T[]> {
  return fc
    .array(fc.option(arbitrary, { nil: undefined, freq: 20 }), { maxLength, size: 'max' })
    .map((items) => items.filter((item) => item !== undefined));
}

/** Runs a history, phase by phase. */
export async function runHistory(context: Context, phases: readonly Phase[]): Promise<void> {
  const beginning = firstOperations.map((operation) => ({
    processes: [{ operation, crashes: [] }],
    turns: [],
  }));
  for (const { processes, turns } of [...beginning, ...phases]) {
    await runInTurns(
      processes.map((process) => (waitForTurn) => run(context, process, waitForTurn)),
      turns,
    );
  }
}

// A crashed process starts over until it finishes, as the workflow and a patient caller do.
async function run(
  context: Context,
  { operation, crashes }: Process,
  waitForTurn: () => Promise<void>,
): Promise<void> {
  const note = (what: string) => context.trace.push(`${operation}: ${what}`);
  for (const crash of [...crashes, undefined]) {
    try {
      return await operation.attempt(context, barrierWithCrash(waitForTurn, note, crash));
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
    }
  }
}
