import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import * as z from 'zod';
import { type LaptopClock, laptopClock } from '../../../local/clock.ts';
import type { Invocation } from '../../../local/faults/kills.ts';
import { issueKey } from '../../../local/first-keys.ts';
import { type Body, openWorld, until, type World } from '../open-world.ts';
import { servePictures } from '../receiver.ts';
import { type Caller, startCaller } from './caller.ts';
import { type News, newsOfExecutions } from './news.ts';

export type FaultWorld = World & {
  readonly clock: LaptopClock;
  readonly news: News;
  readonly caller: Caller;
  /** What every function does, from the start on. */
  readonly record: readonly Invocation[];
  /** The address of a picture that is good for everything. */
  readonly picture: string;
  /**
   * Creates a task, again and again under one key, as callers do who got no answer. `order` hears its
   * id before anything of its workflow has begun.
   */
  begin(body: object, order?: (taskId: string) => void): Promise<Body>;
  /** Nothing runs, and nothing that was told of an event will be told again. */
  isQuiet(): boolean;
  /**
   * Lets time pass until nobody has to look at any of these tasks: whenever all is quiet, the clock is
   * put forward to the next look that is due, and the sweep takes it. Answers how often that was needed.
   */
  rest(taskIds: readonly string[]): Promise<number>;
};

export type FaultWorldOptions = {
  readonly outdir: string;
  readonly speed?: number;
  /** How the caller's server answers: the path, and which attempt it is. */
  readonly answers?: (path: string, attempt: number) => number;
};

/** More looks than any task may need, so that one that is looked at for ever is found out. */
const mostLooks = 60;
/** The sweep runs once in it. */
const minuteMs = 60_000;
/** Deaths that are ordered for nobody in particular may all hit the same caller. */
const mostAttempts = 60;

/** A world whose clock can be put forward, with an account that is allowed everything. */
export async function openFaultWorld({
  outdir,
  speed = 4, // so that a wait stays longer than what is done meanwhile, with many tasks at a time
  answers,
}: FaultWorldOptions): Promise<FaultWorld> {
  const [clock, news] = [laptopClock(), newsOfExecutions()];
  const world = await openWorld({ outdir, speed, clock, onTransition: news.hear });
  const caller = await startCaller(answers);
  caller.knows(world.keys.webhookSecret);
  const pictures = await servePictures({ '/grey.png': await greyPicture() });
  await allowEverything(world);
  const record = world.faults.record();
  const isQuiet = () => news.running() === 0 && world.lambda.isIdle();
  return {
    ...world,
    ...{ clock, news, caller, record, isQuiet, picture: `${pictures.url}/grey.png` },
    begin: beginner(world),
    rest: async (taskIds) => {
      for (let looks = 0; looks < mostLooks; looks += 1) {
        await until(isQuiet, Boolean);
        const next = await nextLook(world, taskIds);
        if (next === undefined) return looks;
        clock.forward(Math.max(minuteMs, next - clock.now() + 1));
        await world.sweep();
      }
      return mostLooks;
    },
    close: async () => {
      await world.close();
      await Promise.all([caller.close(), pictures.close()]);
    },
  };
}

const greyPicture = () =>
  sharp({ create: { width: 400, height: 400, channels: 3, background: 'grey' } })
    .png()
    .toBuffer();

async function allowEverything(world: World): Promise<void> {
  const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
  const authorization = `Bearer ${world.keys.adminKey}`;
  const { status } = await world.call(
    ...['PATCH', '/v1/admin/accounts/default', { limits }, { authorization }],
  );
  if (status !== 200) throw new Error(`the limits could not be raised: ${status}`);
  await issueKey(world, { account: 'default', name: 'rich', credits: 100_000 });
}

const Start = z.object({ input: z.string() });
const Input = z.object({ taskId: z.string() });

// A kill must be ordered before its function runs, and a workflow begins before the caller hears the
// id. So the starts are looked at: tasks are created one by one, and the first start of a task that
// nobody has seen before is that of the one being created.
function beginner({ faults, create }: World): FaultWorld['begin'] {
  const known = new Set<string>();
  let turn: Promise<unknown> = Promise.resolve();
  let pending = (_: string): void => undefined;
  const meet = (taskId: string) => {
    if (known.has(taskId)) return;
    known.add(taskId);
    pending(taskId);
  };
  const look = (request: unknown) => {
    meet(Input.parse(JSON.parse(Start.parse(request).input)).taskId);
    return false;
  };
  faults.request({ of: 'start', fault: 'delay', matching: look });
  return (body, order = () => undefined) => {
    const begun = turn.then(async () => {
      pending = order;
      const key = `task-of-${randomUUID()}`;
      const created = await insist(() => create(body, { 'idempotency-key': key }));
      meet(created.id); // one that waits for its uploads has not been started
      return created;
    });
    turn = begun.catch(() => undefined);
    return begun;
  };
}

async function insist(call: () => ReturnType<World['create']>): Promise<Body> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await call().catch(noAnswer);
    if (status === 200) return body;
    if (status < 500 || attempt === mostAttempts)
      throw new Error(`${status}: ${JSON.stringify(body)}`);
    await setTimeout(100 * Math.min(attempt, 10));
  }
}

const noAnswer = (error: unknown) => ({ status: 599, body: String(error) });

async function nextLook(world: World, taskIds: readonly string[]): Promise<number | undefined> {
  const rows = await Promise.all(taskIds.map((id) => world.dynamoItem(id)));
  const due = rows.flatMap(({ dueAt }) => (typeof dueAt === 'number' ? [dueAt] : []));
  return due.length === 0 ? undefined : Math.min(...due);
}
