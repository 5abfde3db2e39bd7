import {
  type LiveProviderName,
  type Model,
  modelOfTask,
  offerOf,
  type ProviderName,
  providersFor,
  sandbox,
} from '../model/catalogue.ts';
import { isTest } from '../model/mode.ts';
import type { Settled, TaskState } from '../model/task.ts';

/** How long tasks have recently taken at a provider, in seconds. */
export type Durations = {
  /** Undefined as long as too few durations are known. */
  typicalSeconds(model: string, provider: ProviderName): Promise<number | undefined>;
  recordDuration(model: string, provider: ProviderName, seconds: number): Promise<void>;
};

/** How many of the latest tasks count: older ones say little about how fast a model is today. */
const sampleSize = 24;
/** With fewer than these no duration is known yet. */
export const minSampleSize = 5;

/** How long the latest tasks took, in seconds, the newest last. */
export type Sample = readonly number[];

// At least a second: progress is divided by it, and the clocks of two functions may differ.
export const withNewest = (sample: Sample, seconds: number): Sample =>
  [...sample, Math.max(1, Math.round(seconds * 10) / 10)].slice(-sampleSize);

/** How long a task typically takes: the median, which one task that hung for minutes does not move. */
export function medianOf(sample: Sample): number | undefined {
  if (sample.length < minSampleSize) return undefined;
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Records how long a provider took for the images of a task. A failure to record it is only logged. */
export const recordDurationOf =
  (
    durations: Pick<Durations, 'recordDuration'>,
    failed: (taskId: string, cause: unknown) => void,
  ) =>
  async (settled: Settled | undefined): Promise<void> => {
    const { task } = settled ?? {};
    if (task?.status !== 'processing' || task.outcome?.state !== 'succeeded') return;
    const { id, model, provider, submittedAt, outcomeAt } = task;
    if (outcomeAt === undefined || provider === sandbox) return; // in the sandbox a job takes as long as its prompt says
    const seconds = (outcomeAt - submittedAt) / 1000;
    await durations.recordDuration(model, provider, seconds).catch((cause) => failed(id, cause));
  };

/**
 * How many seconds a task of this model takes, as a guess until something was measured: at this provider, or at the
 * fastest one when none is given. `override` is the setting `TYPICAL_SECONDS` of the deployment, which replaces guess and
 * measurement.
 */
export function typicalSecondsOf(
  id: string,
  override?: string,
  provider?: ProviderName,
  catalogue?: readonly Model[],
): number {
  if (override !== undefined && provider !== sandbox) return Number(override);
  const model = modelOfTask(id, catalogue);
  const { providers } = model;
  const guess = provider && offerOf(model, provider)?.typicalSeconds;
  return guess ?? Math.min(...Object.values(providers).map((one) => one.typicalSeconds));
}

/** The fields of a task that decide how long it takes. */
type TimedTask = Pick<TaskState, 'model' | 'account'>;

/** The same for a task; in test mode always that of the sandbox. */
export const typicalSecondsOfTask = (task: TimedTask, override?: string): number =>
  typicalSecondsOf(task.model, override, isTest(task) ? sandbox : undefined);

/** How many seconds tasks take: the measured value, or the guess of the catalogue until there is one. */
export const measuredSecondsOf =
  (durations: Pick<Durations, 'typicalSeconds'>, override?: string, catalogue?: readonly Model[]) =>
  async (id: string, provider: ProviderName): Promise<number> => {
    const guess = typicalSecondsOf(id, override, provider, catalogue);
    if (override !== undefined || provider === sandbox) return guess;
    // A measurement that cannot be read must not fail a task.
    return (await durations.typicalSeconds(id, provider).catch(() => undefined)) ?? guess;
  };

/**
 * How long a new task of a model is expected to take, in whole seconds, at the first provider of the
 * order. Whether that provider has an API key and accepts the job is not known yet.
 */
export const estimateSeconds =
  ({
    durations,
    providers,
    typicalSeconds,
    catalogue,
  }: {
    readonly durations: Pick<Durations, 'typicalSeconds'>;
    readonly providers: readonly LiveProviderName[];
    readonly typicalSeconds?: string | undefined;
    /** The models, if they are not those of the catalogue. */
    readonly catalogue?: readonly Model[];
  }) =>
  async (task: TimedTask): Promise<number> => {
    const { model } = task;
    if (isTest(task)) return typicalSecondsOfTask(task);
    const [first] = providersFor(model, providers, catalogue);
    return first
      ? Math.round(await measuredSecondsOf(durations, typicalSeconds, catalogue)(model, first))
      : typicalSecondsOf(model, typicalSeconds, undefined, catalogue);
  };
