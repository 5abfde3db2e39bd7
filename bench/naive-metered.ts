import { gigabyteSeconds, runsOf } from './lambda-time.ts';
import { openNaive } from './naive.ts';
import type { Usage } from './prices.ts';
import { runTasks, warm } from './run-tasks.ts';
import { mean, sum } from './statistics.ts';

type Run = {
  readonly durations: readonly number[];
  readonly atOnce: number;
  readonly speed: number;
};

const memoryMb = 512;
// Around its machine, as little as there can be: a row that is put, changed once and read, one line an invocation.
const api = { requests: 4, gigabyteSeconds: 4 * 0.01 * 0.5 };
const around = { writeUnits: 2, readUnits: 1.5, puts: 1, gets: 0 };
const logBytesEach = 520;

/** What a task of the naive design uses: its machine's part is counted, the rest assumed in its favour. */
export async function naiveMetered(waitSeconds: number, run: Run): Promise<Usage> {
  const naive = await openNaive(waitSeconds, run.speed);
  try {
    await warm(naive);
    const { histories, journeys } = await runTasks(naive, run);
    const runs = [...runsOf(histories).values()];
    const each = (total: number) => total / run.durations.length;
    const invocations = each(sum(runs.map(({ count }) => count))) + api.requests;
    return {
      transitions: mean(journeys.map(({ transitions }) => transitions)),
      invocations,
      gigabyteSeconds:
        each(sum(runs.map((one) => gigabyteSeconds(one, memoryMb)))) + api.gigabyteSeconds,
      ...around,
      apiRequests: api.requests,
      logKilobytes: (invocations * logBytesEach) / 1024,
    };
  } finally {
    await naive.close();
  }
}
