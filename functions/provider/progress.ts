import type { Progress } from '../task/provider.ts';
import type { Failure, Painted } from '../task/task.ts';
import { reasons } from './reasons.ts';

export const failed = (failure: Failure): Progress => ({ state: 'failed', failure });

/** A job that is over. With not one image it has failed, for the reason of the first. */
export function finished(images: readonly Painted[]): Progress {
  if (images.some((image) => 'url' in image)) return { state: 'succeeded', images };
  return failed(images.find((image) => 'code' in image) ?? reasons.empty);
}
