import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { listen } from '../local/aws/listen.ts';
import type { Design } from './design.ts';
import { mean } from './statistics.ts';
import { type TaskTimeline, type TimedEvent, timelineOf } from './task-timeline.ts';

export type RunOptions = {
  /** How many seconds the provider takes for each task. */
  readonly durations: readonly number[];
  readonly concurrency: number;
  readonly speed: number;
};

const warmConcurrency = 3;

const ProviderState = z.object({
  counts: z.object({ submits: z.number(), polls: z.number() }),
  jobs: z.array(
    z.object({ prompt: z.string(), submitted_at: z.number(), finished_at: z.number().nullable() }),
  ),
});

export type TaskRuns = {
  readonly histories: readonly (readonly TimedEvent[])[];
  readonly timelines: readonly TaskTimeline[];
  /** Submits and polls per task. */
  readonly providerCalls: number;
};

/** Runs a task for each duration, `concurrency` at a time: a task starts when an earlier one has ended. */
export async function runTasks(
  design: Design,
  { durations, concurrency, speed }: RunOptions,
): Promise<TaskRuns> {
  const receiver = await openCallbackReceiver();
  try {
    design.mockProvider.control({ durations: [...durations] });
    const before = await providerState(design);
    const indexes = durations.keys();
    const completed: CompletedTask[] = [];
    const work = async (worker: number) => {
      // Spread the first tasks, as later ones are spread by the ends of earlier ones.
      await setTimeout((worker / concurrency) * mean(durations) * (1000 / speed));
      for (const index of indexes) {
        completed.push(await runTask(design, receiver, `picture-${index}`));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
    const { calls, timesOf } = await providerState(design);
    const timelines = completed.map(({ name, history, callbackAt }) =>
      timelineOf(history, { ...timesOf(name), callbackAt, speed }),
    );
    const histories = completed.map(({ history }) => history);
    return { histories, timelines, providerCalls: (calls - before.calls) / durations.length };
  } finally {
    await receiver.close();
  }
}

/** Runs a few short tasks: the first invocation of a function is a cold start, which is slow here. */
export async function warmUp(design: Design): Promise<void> {
  const receiver = await openCallbackReceiver();
  design.mockProvider.control({ seconds: 1 });
  const work = async (worker: number) => {
    for (const number of [1, 2, 3]) await runTask(design, receiver, `warm-${worker}-${number}`);
  };
  await Promise.all(Array.from({ length: warmConcurrency }, (_, worker) => work(worker)));
  await receiver.close();
}

type CompletedTask = {
  readonly name: string;
  readonly history: readonly TimedEvent[];
  readonly callbackAt: number;
};

async function runTask(
  design: Design,
  receiver: CallbackReceiver,
  name: string,
): Promise<CompletedTask> {
  const image = `${design.mockProvider.url}/sample.jpg`;
  const execution = await design.start({ name, image, callbackUrl: `${receiver.url}/${name}` });
  while (!isOver(design.historyOf(execution))) await setTimeout(50);
  const callbackAt = receiver.callbackAt.get(`/${name}`);
  if (callbackAt === undefined) throw new Error(`there was no callback for ${name}`);
  return { name, callbackAt, history: design.historyOf(execution) };
}

const isOver = (history: readonly TimedEvent[]): boolean =>
  /^Execution(?!Started)/.test(history.at(-1)?.type ?? '');

async function providerState({ mockProvider }: Design) {
  const response = await fetch(`${mockProvider.url}/control`);
  const { counts, jobs } = ProviderState.parse(await response.json());
  return {
    calls: counts.submits + counts.polls,
    timesOf(prompt: string) {
      const job = jobs.find((job) => job.prompt === prompt);
      if (!job?.finished_at) throw new Error(`there was no image for ${prompt}`);
      return { submittedAt: job.submitted_at, finishedAt: job.finished_at };
    },
  };
}

/** A webhook receiver. It records, by path, when the first byte of a callback arrived. */
type CallbackReceiver = {
  readonly url: string;
  readonly callbackAt: ReadonlyMap<string, number>;
  close(): Promise<void>;
};

async function openCallbackReceiver(): Promise<CallbackReceiver> {
  const callbackAt = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    callbackAt.set(path, callbackAt.get(path) ?? Date.now());
    request.resume().once('end', () => response.writeHead(204).end());
  });
  return { callbackAt, ...(await listen(server, 0)) };
}
