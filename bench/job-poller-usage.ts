import { gigabyteSeconds, runsOf } from './function-runs.ts';
import { openJobPoller } from './job-poller.ts';
import type { Usage } from './prices.ts';
import { type RunOptions, runTasks, warmUp } from './run-tasks.ts';
import { mean, sum } from './statistics.ts';

const memoryMb = 512;
// The minimum that a job poller needs around its state machine: an item that is put, updated once and read, and one log
// line per invocation.
const api = { requests: 4, gigabyteSeconds: 4 * 0.01 * 0.5 };
const otherUsage = { writeUnits: 2, readUnits: 1.5, puts: 1, gets: 0 };
const logBytesPerInvocation = 520;

/** Measures the usage of a job poller's task: its state machine is counted, the rest assumed in its favour. */
export async function measureJobPoller(waitSeconds: number, options: RunOptions): Promise<Usage> {
  const jobPoller = await openJobPoller(waitSeconds, options.speed);
  try {
    await warmUp(jobPoller);
    const { histories, timelines } = await runTasks(jobPoller, options);
    const runs = runsOf(histories);
    const perTask = (total: number) => total / options.durations.length;
    const invocations = perTask(sum(runs.map(({ count }) => count))) + api.requests;
    return {
      transitions: mean(timelines.map(({ transitions }) => transitions)),
      invocations,
      gigabyteSeconds:
        perTask(sum(runs.map((functionRuns) => gigabyteSeconds(functionRuns, memoryMb)))) +
        api.gigabyteSeconds,
      ...otherUsage,
      apiRequests: api.requests,
      logKilobytes: (invocations * logBytesPerInvocation) / 1024,
    };
  } finally {
    await jobPoller.close();
  }
}
