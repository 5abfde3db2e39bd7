import { seededRandom } from '../../local/providers/images/random.ts';
import { quantile } from '../statistics.ts';
import { createClock, type Process } from './clock.ts';
import { type SimulatedDynamoDb, simulateDynamoDb } from './dynamodb.ts';
import type { Sandbox, Settle, SimulatedLedger } from './ledgers.ts';

// One account with so many tasks a second. It is an open loop: a new task comes also when earlier ones are slow.

type Options = {
  readonly ledger: (dynamoDb: SimulatedDynamoDb, random: () => number) => SimulatedLedger;
  readonly tasksPerSecond: number;
  readonly slowness: number;
};

/** The first seconds fill the account with tasks, and are not measured. */
const seconds = { warmUp: 15, measured: 30 };

/**
 * The time from the create of a task to its settlement. Real jobs take longer, which would only change the start of the
 * simulation.
 */
const settledAfterMs = { min: 2500, max: 7500 };

/**
 * Assumed: how long the rest of a create takes (key, rate limit, start of the execution). Meanwhile its sandbox is busy.
 */
const otherWorkMs = 60;

/** The state machine retries a settlement whose function failed after 2, 4 and 8 s at most. */
const settleRetrySeconds = [2, 4, 8];

export type Simulated = {
  /** Tasks settled a second. */
  readonly done: number;
  /** The share of reservations and settlements that were given up. */
  readonly givenUp: number;
  readonly createP50: number;
  readonly createP99: number;
  /** Write units of the ledger for each settled task. */
  readonly units: number;
};

export function simulateBusyAccount({ ledger, tasksPerSecond, slowness }: Options): Simulated {
  const random = seededRandom(1);
  const clock = createClock();
  const dynamoDb = simulateDynamoDb({ clock, random, slowness });
  const { newSandbox } = ledger(dynamoDb, random);
  const idle: Sandbox[] = [];
  const totals = { done: 0, givenUp: 0, postings: 0 };
  const createMs: number[] = [];
  const isMeasured = () => clock.now() >= seconds.warmUp * 1000;
  const countPosting = (isDone: boolean) => {
    if (!isMeasured()) return;
    totals.postings += 1;
    if (!isDone) totals.givenUp += 1;
  };

  function* settle(attempt: Settle): Process {
    for (const retrySeconds of [...settleRetrySeconds, 0]) {
      const isSettled = yield* attempt();
      countPosting(isSettled);
      if (isSettled) {
        if (isMeasured()) totals.done += 1;
        return;
      }
      yield random() * retrySeconds * 1000;
    }
  }

  function* runTask(): Process {
    const sandbox = idle.pop() ?? newSandbox();
    const createdAt = clock.now();
    const attempt = yield* sandbox.reserve();
    countPosting(attempt !== undefined);
    if (attempt && isMeasured()) createMs.push(clock.now() - createdAt);
    yield otherWorkMs;
    idle.push(sandbox);
    if (!attempt) return;
    yield settledAfterMs.min + random() * (settledAfterMs.max - settledAfterMs.min);
    yield* settle(attempt);
  }

  function* arrive(): Process {
    for (;;) {
      yield (-Math.log(1 - random()) * 1000) / tasksPerSecond;
      clock.start(runTask());
    }
  }

  clock.start(arrive());
  clock.runUntil(seconds.warmUp * 1000);
  const unitsBefore = dynamoDb.units();
  clock.runUntil((seconds.warmUp + seconds.measured) * 1000);
  return {
    done: totals.done / seconds.measured,
    givenUp: totals.givenUp / totals.postings,
    createP50: quantile(createMs, 0.5),
    createP99: quantile(createMs, 0.99),
    units: (dynamoDb.units() - unitsBefore) / totals.done,
  };
}
