import { randomUUID } from 'node:crypto';
import type { ProviderLoad } from './capacity.ts';
import type { Settings } from './control.ts';
import type { ImageRequest } from './image-request.ts';
import { type ErrorCode, type JobFailure, jobFailure, ProviderError } from './provider-error.ts';
import { type ResultFiles, resultLifetimeMs, type StoredImage } from './result-files.ts';

export type Status = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
type Item = { readonly image: StoredImage } | JobFailure;
type Result = { readonly items: readonly Item[] } | { readonly failure: JobFailure };

/** How long the job takes and how it ends. This is decided when the job is accepted. */
export type JobPlan = {
  /** From the job's turn to its end. */
  readonly seconds: number;
  readonly outcome: Settings['outcome'];
  readonly code: ErrorCode | undefined;
};

/** All times in milliseconds since 1970. */
export type Job = {
  readonly id: string;
  /** Without its pictures once they are no longer needed. */
  request: ImageRequest;
  readonly imageCount: number;
  readonly plan: JobPlan;
  readonly submittedAt: number;
  /** Called once, when the job has ended. */
  readonly onFinished: ((job: Job) => void) | undefined;
  /** Set when the job has its turn. Until `startsAt` it still shows as pending. */
  startsAt?: number;
  endsAt?: number;
  isStarted: boolean;
  canceledAt?: number;
  /** Later than `endsAt` when generating the images takes longer than planned. */
  finishedAt?: number;
  /** Whether `finishedAt` has been reached. */
  isFinished: boolean;
  result?: Result;
};

/** Generates all images of a request. */
export type GenerateImages = (request: ImageRequest) => Promise<readonly Buffer[]>;

type Deps = {
  readonly now: () => number;
  readonly speed: number;
  readonly generateImages: GenerateImages;
  /** How busy each provider is, by its name. */
  readonly loads: Readonly<Record<string, ProviderLoad>>;
  readonly results: Pick<ResultFiles, 'store'>;
  /** How many jobs that have ended are kept. */
  readonly maxEndedJobs?: number;
};

type JobOptions = {
  readonly id?: string;
  readonly onFinished?: ((job: Job) => void) | undefined;
};

/** How much of its time a job shows as pending. */
const pendingShare = 0.15;

export type Jobs = ReturnType<typeof jobs>;

/**
 * The latest jobs of the last 24 hours. A provider generates as many at once as its capacity allows, the others
 * wait in the order of their submits. The state follows the clock: by a timer, and whenever a job is read.
 */
export function jobs({ now, speed, generateImages, loads, results, maxEndedJobs = 10_000 }: Deps) {
  const byId = new Map<string, Job>();
  const lines = new Map(Object.entries(loads).map(([name, load]) => [name, line(load)]));
  /** The line in which each job is or was. */
  const lineOf = new WeakMap<Job, ReturnType<typeof line>>();
  const timers = new Set<NodeJS.Timeout>();
  /** The jobs whose images are being generated. */
  const generating = new Set<Promise<void>>();

  /** The jobs of one provider that have not ended. */
  function line(load: ProviderLoad) {
    const running = new Set<Job>();
    const waiting = new Set<Job>();

    const noteLevel = (at: number): void => load.setLevel(running.size, waiting.size, at);

    const giveTurns = (at: number): void => {
      for (const job of waiting) {
        if (!load.hasRoom()) return;
        waiting.delete(job);
        running.add(job);
        noteLevel(at);
        const durationMs = (job.plan.seconds * 1000) / speed;
        job.startsAt = at + durationMs * pendingShare;
        job.endsAt = at + durationMs;
        schedule(job.startsAt - now(), advance);
      }
    };

    const start = (job: Job): void => {
      job.isStarted = true;
      const generation = runJob(job, { generateImages, results }).then((result) => {
        job.request = { ...job.request, images: [] };
        job.result = result;
        job.finishedAt = Math.max(job.endsAt ?? 0, now());
        generating.delete(generation);
        schedule(job.finishedAt - now(), advance);
      });
      generating.add(generation);
    };

    const leave = (job: Job, at: number): void => {
      running.delete(job);
      waiting.delete(job);
      noteLevel(at);
      giveTurns(at);
    };

    /** Ends the jobs that are over, in the order in which they ended, and starts the next ones. */
    const advance = (): void => {
      const at = now();
      const over = [...running].filter(({ finishedAt }) => hasPassed(finishedAt, at));
      over.sort((one, other) => (one.finishedAt ?? 0) - (other.finishedAt ?? 0));
      for (const job of over) {
        job.isFinished = true;
        leave(job, job.finishedAt ?? at);
      }
      giveTurns(at);
      const due = [...running].filter((job) => !job.isStarted && hasPassed(job.startsAt, at));
      for (const job of due) start(job);
      for (const job of over) job.onFinished?.(job);
    };

    return {
      advance,
      add(job: Job): void {
        waiting.add(job);
        noteLevel(job.submittedAt);
        giveTurns(job.submittedAt);
      },
      remove: leave,
      positionOf: (job: Job): number => [...waiting].indexOf(job),
    };
  }

  function schedule(milliseconds: number, run: () => void): void {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        run();
      },
      Math.max(0, Math.ceil(milliseconds)) + 1,
    );
    timers.add(timer.unref());
  }

  const advanceAll = (): void => {
    for (const { advance } of lines.values()) advance();
    deleteExpired(byId, maxEndedJobs, now());
  };

  return {
    add(
      provider: string,
      request: ImageRequest,
      plan: JobPlan,
      { id = randomUUID(), onFinished }: JobOptions = {},
    ): Job {
      advanceAll();
      const job: Job = {
        id,
        request,
        imageCount: request.images.length,
        plan,
        submittedAt: now(),
        onFinished,
        isStarted: false,
        isFinished: false,
      };
      byId.set(job.id, job);
      const its = lines.get(provider);
      if (!its) throw new Error(`there is no provider ${provider}`);
      lineOf.set(job, its);
      its.add(job);
      return job;
    },
    /** `undefined`: an unknown id, or a job that is no longer kept. */
    find(id: string): Job | undefined {
      advanceAll();
      return byId.get(id);
    },
    /** Returns whether the job is cancelled: only a pending job can be. */
    cancel(id: string): boolean {
      advanceAll();
      const job = byId.get(id);
      if (!job || statusOf(job) !== 'PENDING') return false;
      job.canceledAt = now();
      job.request = { ...job.request, images: [] };
      lineOf.get(job)?.remove(job, job.canceledAt);
      job.onFinished?.(job);
      return true;
    },
    all(): readonly Job[] {
      advanceAll();
      return [...byId.values()];
    },
    /** Waits until the images of all jobs that have started are there. */
    async generated(): Promise<void> {
      await Promise.all(generating);
    },
    /** Brings the loads of the providers up to date. */
    advance: advanceAll,
    /** How many jobs have their turn before this one. */
    queuePosition: (job: Job): number => Math.max(0, lineOf.get(job)?.positionOf(job) ?? 0),
    /** Pending jobs never start; the images of running ones are still generated, but not used. */
    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** The status of a job at the last time the clock was read. */
export function statusOf({ canceledAt, isStarted, isFinished, result }: Job): Status {
  if (canceledAt !== undefined) return 'CANCELED';
  if (!isStarted) return 'PENDING';
  if (!isFinished || !result) return 'RUNNING';
  return 'failure' in result ? 'FAILED' : 'SUCCEEDED';
}

export const hasEnded = (job: Job): boolean => !['PENDING', 'RUNNING'].includes(statusOf(job));

/** The images of a finished job, with their number; none of a failed one. */
export const imagesOf = ({ result }: Job) =>
  (result && 'items' in result ? result.items : []).flatMap((item, index) =>
    'image' in item ? [{ n: index + 1, image: item.image }] : [],
  );

const hasPassed = (time: number | undefined, now: number): boolean =>
  time !== undefined && time <= now;

async function runJob(
  { request, plan }: Job,
  { generateImages, results }: Pick<Deps, 'generateImages' | 'results'>,
): Promise<Result> {
  if (plan.outcome === 'failed') return { failure: jobFailure(plan.code ?? 'InternalError.Algo') };
  const timeout = jobFailure('InternalError.Timeout');
  const isPartial = plan.outcome === 'partial';
  if (isPartial && request.n === 1) return { failure: timeout };
  try {
    const pngs = await generateImages(request);
    const items = pngs.map(async (png, index) =>
      isPartial && index === 0 ? timeout : { image: await results.store(png) },
    );
    return { items: await Promise.all(items) };
  } catch (thrown) {
    if (thrown instanceof ProviderError)
      return { failure: jobFailure(thrown.code, thrown.message) };
    return {
      failure: jobFailure('InternalError.Algo', `Generating the images crashed: ${thrown}`),
    };
  }
}

/** Deletes the jobs that ended 24 hours ago, and the oldest of those that have ended if there are too many. */
function deleteExpired(byId: Map<string, Job>, maxEndedJobs: number, now: number): void {
  const ended = [...byId.values()].filter(hasEnded);
  for (const [index, job] of ended.entries()) {
    const endedAt = job.canceledAt ?? job.finishedAt ?? now;
    const isExpired = now >= endedAt + resultLifetimeMs;
    if (isExpired || ended.length - index > maxEndedJobs) byId.delete(job.id);
  }
}
