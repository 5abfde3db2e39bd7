import { setTimeout } from 'node:timers/promises';
import { auditMoney, auditTasks, type Charge } from '../flow/faults/audit.ts';
import { cutsOf } from '../flow/faults/cuts.ts';
import type { FaultWorld } from '../flow/faults/fault-world.ts';
import {
  cancel,
  type End,
  pathNamed,
  uploadAll,
  uploadForm,
  wishes,
} from '../flow/faults/paths.ts';
import { randomFrom } from '../flow/faults/random.ts';
import { some, walk, workedOn } from '../flow/faults/walk.ts';
import { type Counts, count, give } from './orders.ts';
import { type Plan, planOf } from './plan.ts';

export type Wish = { readonly tasks: number; readonly concurrency: number; readonly seed: number };

export type Soaked = {
  readonly wrong: readonly string[];
  readonly ended: Counts;
  /** Of each kind, those that were ordered and those that came about. */
  readonly ordered: Counts;
  readonly happened: Counts;
  readonly looks: number;
};

/** Sends tasks, lets all kinds of things go wrong, waits until everything is over, and looks at it. */
export async function soak(world: FaultWorld, wish: Wish): Promise<Soaked> {
  const cuts = [
    ...(await recorded(world, 'a success by address')),
    ...(await recorded(world, 'a success by uploads')),
  ];
  const random = randomFrom(wish.seed);
  const plans = Array.from({ length: wish.tasks }, (_, index) => planOf(index + 1, random, cuts));
  const sent = await some(wish.concurrency, plans, (plan) => send(world, plan));
  const looks = await world.rest(sent.map(({ id }) => id));
  const ended: Counts = new Map();
  const ordered: Counts = new Map();
  const happened: Counts = new Map();
  for (const { plan, hasHappened } of sent) {
    if (!plan.fault) continue;
    count(ordered, plan.fault);
    if (hasHappened()) count(happened, plan.fault);
  }
  const faults = await auditTasks(world, sent);
  for (const { id } of sent) count(ended, await endOf(world, id));
  return {
    ...{ ended, ordered, happened, looks },
    wrong: [
      ...sent.flatMap(({ id, plan }, index) =>
        (faults[index] ?? []).map((fault) => `${id} (${plan.fault ?? 'no fault'}): ${fault}`),
      ),
      ...(await auditMoney(world)),
    ],
  };
}

async function recorded(world: FaultWorld, name: string) {
  const path = pathNamed(name);
  world.painter.control(path.painting);
  const before = world.record.length;
  const { id } = await walk(world, path);
  await world.rest([id]);
  return cutsOf(world.record.slice(before));
}

type Sent = Charge & { readonly plan: Plan; readonly hasHappened: () => boolean };

async function send(world: FaultWorld, plan: Plan): Promise<Sent> {
  const { number, n, byUploads, refusals, cancelAfterMs } = plan;
  const { prompt, size } = wishes(`task ${number} of the soak`);
  const hasHappened = Promise.withResolvers<() => boolean>();
  const created = await world.begin(
    {
      ...{ prompt, size, n },
      ...(byUploads ? { image_uploads: [uploadForm] } : { image_urls: [world.picture] }),
      ...(refusals !== undefined && { callback_url: `${world.caller.url}/${refusals}` }),
    },
    (taskId) => hasHappened.resolve(give(world, plan, taskId)),
  );
  const { id } = created;
  const cancelling = cancelAfterMs !== undefined && cancelLater(world, id, cancelAfterMs);
  if (byUploads) await uploadAll(world, created);
  await cancelling;
  await workedOn(world, id);
  const told = ['delivered', 'undelivered'];
  return { id, prompt, plan, hasHappened: await hasHappened.promise, ends: endsOf(plan), told };
}

async function cancelLater(world: FaultWorld, id: string, afterMs: number): Promise<void> {
  await setTimeout(afterMs);
  await cancel(world, { id });
}

const codes = ['service_error', 'generation_timeout', 'resource_exhausted', 'unknown_error'];

// Faults meet tasks they were not meant for, so a task may end in every way that is an end.
const endsOf = ({ n, cancelAfterMs }: Plan): readonly End[] => [
  ...Array.from({ length: n }, (_, index) => ({ status: 'completed', images: index + 1 }) as const),
  ...[...codes, ...(cancelAfterMs === undefined ? [] : ['request_cancelled'])].map(
    (code) => ({ status: 'failed', images: 0, code }) as const,
  ),
];

async function endOf(world: FaultWorld, id: string): Promise<string> {
  const { status, failure } = await world.dynamoItem(id);
  const { code } = (failure ?? {}) as { code?: string };
  return code ? `${status}: ${code}` : String(status);
}
