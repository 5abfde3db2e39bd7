import { dayIn } from '../model/api-key.ts';
import { findModel, type Model, offerOf } from '../model/catalogue.ts';
import type { EndedTask } from '../model/task.ts';
import { addHistograms, bucketOf, type DurationHistogram } from './duration-histogram.ts';

/** The counts of usage, which can be added up. */
export type UsageCounts = {
  readonly tasks: number;
  /** Tasks that ended without an image, whoever ended them. */
  readonly failedTasks: number;
  readonly images: number;
  /** In milli-credits. */
  readonly charged: number;
  /** What the providers charge for the images, in millionths of a US dollar, as far as the catalogue has their prices. */
  readonly providerCost: number;
  /** Images of a provider whose price the catalogue does not have. */
  readonly unpricedImages: number;
  /** How long the completed tasks took, in seconds: from the moment when all their inputs were there. */
  readonly seconds: DurationHistogram;
};

/** The usage of a model by a key on a day: the day (UTC) on which the tasks ended. */
export type Usage = UsageCounts & {
  /** Like 2026-11-22. */
  readonly day: string;
  readonly keyId: string;
  readonly model: string;
};

/** The usage of one task. */
export function usageOf(task: EndedTask, catalogue?: readonly Model[]): Usage {
  const images = task.status === 'completed' ? task.images.length : 0;
  const model = findModel(task.model, catalogue);
  const price = model && task.provider && offerOf(model, task.provider)?.microUsdPerImage;
  const seconds = (task.finishedAt - (task.startedAt ?? task.createdAt)) / 1000;
  return {
    day: dayIn('UTC', task.finishedAt),
    keyId: task.keyId,
    model: task.model,
    tasks: 1,
    failedTasks: task.status === 'failed' ? 1 : 0,
    images,
    charged: task.charged,
    providerCost: images * (price ?? 0),
    unpricedImages: price === undefined ? images : 0,
    seconds: task.status === 'completed' ? { [bucketOf(seconds)]: 1 } : {},
  };
}

export const noUsage: UsageCounts = {
  tasks: 0,
  failedTasks: 0,
  images: 0,
  charged: 0,
  providerCost: 0,
  unpricedImages: 0,
  seconds: {},
};

export const addCounts = (one: UsageCounts, other: UsageCounts): UsageCounts => ({
  tasks: one.tasks + other.tasks,
  failedTasks: one.failedTasks + other.failedTasks,
  images: one.images + other.images,
  charged: one.charged + other.charged,
  providerCost: one.providerCost + other.providerCost,
  unpricedImages: one.unpricedImages + other.unpricedImages,
  seconds: addHistograms(one.seconds, other.seconds),
});

/** The position of usage in the list of its account: a text that sorts by day, then by key, then by model. */
export const usagePosition = ({ day, keyId, model }: Pick<Usage, 'day' | 'keyId' | 'model'>) =>
  `${day}#${keyId}#${model}`;

/** The first position after this one. A space sorts before every character of a position. */
export const afterPosition = (position: string): string => `${position} `;

/** A text that sorts after all positions that begin like this. */
export const endOfPositions = (beginning: string): string => `${beginning}#~`;

/** A text that sorts after the positions of all days. */
export const afterAllPositions = '~';

/** The usage of several rows as one row for each day, key and model, in this order. */
export function sumUsage(rows: readonly Usage[]): readonly Usage[] {
  const sums = new Map<string, Usage>();
  for (const row of rows) {
    const sum = sums.get(usagePosition(row));
    sums.set(usagePosition(row), sum ? { ...sum, ...addCounts(sum, row) } : row);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** The usage of accounts, which the ledger writes when it settles a task. */
export type UsageStore = {
  /**
   * Usage of an account, one row for each day, key and model, in the order of their positions: from the position `from`
   * on to the end of the day `to`. About `limit` rows; `next` is the position where the next ones begin, if there are any.
   */
  page(account: string, range: UsageRange): Promise<UsagePage>;
};

export type UsageRange = { readonly from: string; readonly to: string; readonly limit: number };
type UsagePage = { readonly rows: readonly Usage[]; readonly next?: string | undefined };
