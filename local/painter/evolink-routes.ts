import { randomInt } from 'node:crypto';
import {
  type Answer,
  admit,
  type Call,
  identify,
  json,
  type Protocol,
  type Route,
  type Studio,
} from './call.ts';
import { Refusal } from './codes.ts';
import { readOrder } from './evolink-order.ts';
import { created, view } from './evolink-view.ts';
import { problem, refuse } from './evolink-words.ts';
import type { Job } from './jobs.ts';
import { linkTo } from './results.ts';

type Memory = Map<string, { readonly id: string; readonly body: string }>;

/** EvoLink's gateway: the submits it has accepted are known again by their idempotency keys. */
export function evolink(): Protocol {
  const memory: Memory = new Map();
  return {
    routes: [
      ['POST', /^\/v1\/images\/generations$/, submitWith(memory)],
      ['GET', /^\/v1\/tasks\/([^/]+)$/, poll],
    ],
    refuse,
  };
}

const submitWith =
  (memory: Memory): Route =>
  (studio, call) => {
    const { jobs, counts, now } = studio;
    counts.submits += 1;
    identify(call, 'Bearer');
    const key = keyOf(call);
    const earlier = key === undefined ? undefined : memory.get(key);
    if (earlier) return replay(studio, call, earlier);
    const { order, callbackUrl } = readOrder(call.body);
    const { isLost, fate } = admit(studio);
    const job = jobs.add(order, fate, {
      id: `task-unified-${Math.floor(now() / 1000)}-${randomInt(36 ** 8)
        .toString(36)
        .padStart(8, '0')}`,
      whenOver: callbackUrl ? (over) => callBack(studio, call, over, callbackUrl) : undefined,
    });
    counts.accepted += 1;
    if (key !== undefined) memory.set(key, { id: job.id, body: call.body });
    return isLost ? { kind: 'lost' } : json(200, created(job));
  };

const poll: Route = (studio, call, id) => {
  const { jobs, control, counts, now } = studio;
  counts.polls += 1;
  identify(call, 'Bearer');
  if (control.take('poll') === 'busy') throw new Refusal('Throttling.RateQuota');
  if (!id.startsWith('task-unified-')) {
    return problem(400, 'invalid_task_id', "task_id must start with 'task-unified-'");
  }
  const job = jobs.find(id);
  if (!job) return problem(404, 'task_not_found', 'Task not found or expired.');
  return json(200, view(job, now(), linkTo(studio, call, job)));
};

function keyOf(call: Call): string | undefined {
  const key = call.header('idempotency-key');
  if (key === undefined || /^[A-Za-z0-9._-]{16,96}$/.test(key)) return key;
  throw new Refusal('InvalidParameter', 'Idempotency-Key: must be 16 to 96 of A-Za-z0-9._-');
}

function replay(
  { jobs }: Studio,
  call: Call,
  { id, body }: { readonly id: string; readonly body: string },
): Answer {
  if (body !== call.body) {
    return problem(409, 'idempotency_conflict', 'The key was used for another request.');
  }
  const job = jobs.find(id);
  if (!job) return problem(409, 'paid_outcome_unknown', 'What became of the request is not known.');
  return json(200, created(job), { 'Idempotency-Replayed': 'true' });
}

function callBack(studio: Studio, call: Call, job: Job, url: string): void {
  const { callbacks, now } = studio;
  const body = JSON.stringify(view(job, now(), linkTo(studio, call, job)));
  callbacks.tell({ url, body, headers: () => ({}) });
}
