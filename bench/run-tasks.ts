import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import type { Design } from './design.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { type Journey, journeyOf, type Seen } from './journey.ts';
import { mean } from './statistics.ts';

type Run = {
  /** How long the provider takes for each task. */
  readonly durations: readonly number[];
  readonly atOnce: number;
  readonly speed: number;
};

const warmAtOnce = 3;

const Painted = z.object({
  counts: z.object({ submits: z.number(), polls: z.number() }),
  jobs: z.array(
    z.object({ prompt: z.string(), submitted_at: z.number(), finished_at: z.number().nullable() }),
  ),
});

export type Ran = {
  readonly histories: readonly (readonly Seen[])[];
  readonly journeys: readonly Journey[];
  /** Submits and questions about them, a task. */
  readonly providerCalls: number;
};

/** Has a design do that many tasks, so many at a time, each begun when an earlier one is over. */
export async function runTasks(design: Design, { durations, atOnce, speed }: Run): Promise<Ran> {
  const inbox = await openInbox();
  try {
    design.painter.control({ durations: [...durations] });
    const before = await painted(design);
    const numbers = durations.keys();
    const done: Done[] = [];
    const one = async (place: number) => {
      // Spread as they will be later on, when each begins after another one has ended.
      await setTimeout((place / atOnce) * mean(durations) * (1000 / speed));
      for (const number of numbers) done.push(await runTask(design, inbox, `picture-${number}`));
    };
    await Promise.all(Array.from({ length: atOnce }, (_, place) => one(place)));
    const { calls, timesOf } = await painted(design);
    const journeys = done.map(({ name, history, toldAt }) =>
      journeyOf(history, { ...timesOf(name), toldAt, speed }),
    );
    const histories = done.map(({ history }) => history);
    return { histories, journeys, providerCalls: (calls - before.calls) / durations.length };
  } finally {
    await inbox.close();
  }
}

/** Lets a design do a few short tasks: a first invocation is a cold start, and the laptop's are slow. */
export async function warm(design: Design): Promise<void> {
  const inbox = await openInbox();
  design.painter.control({ seconds: 1 });
  const few = async (place: number) => {
    for (const number of [1, 2, 3]) await runTask(design, inbox, `warm-${place}-${number}`);
  };
  await Promise.all(Array.from({ length: warmAtOnce }, (_, place) => few(place)));
  await inbox.close();
}

type Done = {
  readonly name: string;
  readonly history: readonly Seen[];
  readonly toldAt: number;
};

async function runTask(design: Design, { url, toldAt }: Inbox, name: string): Promise<Done> {
  const image = `${design.painter.url}/sample.jpg`;
  const execution = await design.start({ name, image, callbackUrl: `${url}/${name}` });
  while (!isOver(design.historyOf(execution))) await setTimeout(50);
  const at = toldAt.get(`/${name}`);
  if (at === undefined) throw new Error(`Nobody was told of ${name}`);
  return { name, toldAt: at, history: design.historyOf(execution) };
}

const isOver = (history: readonly Seen[]): boolean =>
  /^Execution(?!Started)/.test(history.at(-1)?.type ?? '');

async function painted({ painter }: Design) {
  const response = await fetch(`${painter.url}/control`);
  const { counts, jobs } = Painted.parse(await response.json());
  return {
    calls: counts.submits + counts.polls,
    timesOf(prompt: string) {
      const job = jobs.find((job) => job.prompt === prompt);
      if (!job?.finished_at) throw new Error(`${prompt} was not painted`);
      return { submittedAt: job.submitted_at, finishedAt: job.finished_at };
    },
  };
}
