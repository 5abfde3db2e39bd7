import { randomUUID } from 'node:crypto';
import { type Code, type Failure, failure, Refusal } from './codes.ts';
import type { Settings } from './control.ts';
import type { Order } from './order.ts';

export type Status = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
type Item = { readonly png: Buffer } | Failure;
type Result = { readonly items: readonly Item[] } | { readonly failure: Failure };

/** What becomes of the job is settled when it is accepted. */
export type Fate = {
  readonly seconds: number;
  readonly outcome: Settings['outcome'];
  readonly code: Code | undefined;
};

/** All times in milliseconds since 1970. */
export type Job = {
  readonly id: string;
  readonly order: Order;
  readonly fate: Fate;
  readonly submittedAt: number;
  readonly startsAt: number;
  readonly endsAt: number;
  /** Called once, when the job has come to its end. */
  readonly whenOver: ((job: Job) => void) | undefined;
  isBegun: boolean;
  isTold: boolean;
  canceledAt?: number;
  /** Painting may take longer than it was told to. */
  finishedAt?: number;
  result?: Result;
};

/** Paints every variant of an order. */
export type Paint = (order: Order) => Promise<readonly Buffer[]>;

type Needs = {
  readonly now: () => number;
  readonly speed: number;
  readonly paint: Paint;
};

export const keptMilliseconds = 24 * 60 * 60 * 1000;
const queuedShare = 0.15;

export type Jobs = ReturnType<typeof jobs>;

/** The jobs of the last 24 hours, moved on by the clock: by a timer, and whenever one is looked at. */
export function jobs({ now, speed, paint }: Needs) {
  const kept = new Map<string, Job>();
  const timers = new Set<NodeJS.Timeout>();

  const later = (milliseconds: number, deed: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      deed();
    }, Math.ceil(milliseconds) + 1);
    timers.add(timer.unref());
  };

  const begin = (job: Job): void => {
    if (job.isBegun || job.canceledAt !== undefined || now() < job.startsAt) return;
    job.isBegun = true;
    void settle(job, paint).then((result) => {
      job.result = result;
      job.finishedAt = Math.max(job.endsAt, now());
      later(job.finishedAt - now(), () => tell(job, now()));
    });
  };

  return {
    add(order: Order, fate: Fate, more: Pick<Partial<Job>, 'id' | 'whenOver'> = {}): Job {
      forgetExpired(kept, now());
      const job = { ...waiting(order, fate, now(), speed), ...more };
      kept.set(job.id, job);
      later(job.startsAt - job.submittedAt, () => begin(job));
      return job;
    },
    /** `undefined`: never seen, or older than 24 hours. */
    find(id: string): Job | undefined {
      forgetExpired(kept, now());
      const job = kept.get(id);
      if (job) begin(job);
      if (job) tell(job, now());
      return job;
    },
    /** Answers whether it could: only a waiting job can be cancelled. */
    cancel(id: string): boolean {
      const job = kept.get(id);
      if (!job || statusOf(job, now()) !== 'PENDING') return false;
      job.canceledAt = now();
      tell(job, now());
      return true;
    },
    all: (): readonly Job[] => [...kept.values()],
    /** The waiting ones are never begun; what is being painted is painted for nobody. */
    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function waiting(order: Order, fate: Fate, submittedAt: number, speed: number): Job {
  const duration = (fate.seconds * 1000) / speed;
  return {
    id: randomUUID(),
    order,
    fate,
    submittedAt,
    startsAt: submittedAt + duration * queuedShare,
    endsAt: submittedAt + duration,
    whenOver: undefined,
    isBegun: false,
    isTold: false,
  };
}

export function statusOf(job: Job, now: number): Status {
  if (job.canceledAt !== undefined) return 'CANCELED';
  if (now < job.startsAt) return 'PENDING';
  if (now < job.endsAt || !job.result) return 'RUNNING';
  return 'failure' in job.result ? 'FAILED' : 'SUCCEEDED';
}

function tell(job: Job, now: number): void {
  const isOver = !['PENDING', 'RUNNING'].includes(statusOf(job, now));
  if (job.isTold || !isOver) return;
  job.isTold = true;
  job.whenOver?.(job);
}

async function settle({ order, fate }: Job, paint: Needs['paint']): Promise<Result> {
  if (fate.outcome === 'failed') return { failure: failure(fate.code ?? 'InternalError.Algo') };
  const timeout = failure('InternalError.Timeout');
  const isPartial = fate.outcome === 'partial';
  if (isPartial && order.n === 1) return { failure: timeout };
  try {
    const pngs = await paint(order);
    return { items: pngs.map((png, index) => (isPartial && index === 0 ? timeout : { png })) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { failure: failure(thrown.code, thrown.message) };
    return { failure: failure('InternalError.Algo', `Painting crashed: ${thrown}`) };
  }
}

function forgetExpired(kept: Map<string, Job>, now: number): void {
  for (const [id, job] of kept) {
    if (now >= (job.finishedAt ?? job.endsAt) + keptMilliseconds) kept.delete(id);
  }
}
