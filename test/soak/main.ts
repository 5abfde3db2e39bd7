import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { synthesise } from '../../local/synthesise.ts';
import { openFaultStack } from '../faults/fault-stack.ts';
import { openQueueStack } from '../faults/queue-stack.ts';
import { countRecoveries, formatCounts } from './report.ts';
import { type SoakOptions, type SoakResult, soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '2' },
    // How many jobs the provider takes: one run for each number.
    capacities: { type: 'string', default: 'unlimited,5,2' },
  },
});
const options = {
  tasks: Number(values.tasks),
  concurrency: Number(values.concurrency),
  seed: Number(values.seed),
};
const print = (text: string) => process.stdout.write(`${text}\n`);

const directory = mkdtempSync(join(tmpdir(), 'darkroom-soak-'));
try {
  const outdir = join(directory, 'cdk.out');
  await synthesise(outdir);
  process.exitCode = 0;
  for (const capacity of values.capacities.split(',')) {
    if (!(await run(outdir, capacity, options))) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Returns whether all tasks ended in an allowed way and the account adds up. */
async function run(outdir: string, capacity: string, options: SoakOptions): Promise<boolean> {
  // The path of a callback says how many attempts fail.
  const callbackStatus = (path: string, attempt: number) =>
    attempt > Number(path.slice(1)) ? 200 : 500;
  const stackOptions = {
    outdir,
    callbackStatus,
    speed: Number(values.speed),
    // Crashes that do not name a task may all happen in the same create request.
    attempts: 60,
  };
  const stack = await (capacity === 'unlimited'
    ? openFaultStack(stackOptions)
    : openQueueStack(Number(capacity), stackOptions));
  const peak = peakMemory();
  const started = performance.now();
  try {
    print(
      `${options.tasks} tasks, ${options.concurrency} at a time, seed ${options.seed}, capacity ${capacity}`,
    );
    const result = await soak(stack, {
      ...options,
      capacity: capacity === 'unlimited' ? undefined : Number(capacity),
    });
    report(
      result,
      countRecoveries(join(stack.dataDir, 'logs')),
      performance.now() - started,
      peak(),
    );
    return result.problems.length === 0;
  } finally {
    await stack.close();
  }
}

function report(
  { ended, injected, happened, reconcilerRuns, problems }: SoakResult,
  recoveries: Map<string, number>,
  milliseconds: number,
  megabytes: number,
): void {
  const faults = [...injected].map(
    ([kind, times]) => [`${kind} (of ${times} injected)`, happened.get(kind) ?? 0] as const,
  );
  print(formatCounts('\nTasks by their end', ended));
  print(formatCounts('Faults that happened', new Map(faults)));
  print(formatCounts('Recoveries, by the logs of the functions', recoveries));
  print(
    `${Math.round(milliseconds / 1000)} s, ${reconcilerRuns} reconciler runs at the end, peak of ${megabytes} MB`,
  );
  print(problems.length === 0 ? 'No task is lost, and the account adds up.' : problems.join('\n'));
}

/** Measures the peak memory of the local stack with all its functions, in MB. */
function peakMemory(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 500).unref();
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1024 ** 2);
  };
}
