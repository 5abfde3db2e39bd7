import { metricNames } from '../domain/model/metric-names.ts';
import { log } from './log.ts';
import { countSlotMetric } from './metric.ts';

/** A waiting task did not take up the slot that it was given: its wake-up was lost, or its workflow is dead. */
export function grantExpired(taskId: string, pool: string): void {
  log('warn', 'slot.not_taken_up', { taskId });
  countSlotMetric(pool, metricNames.expiredGrant);
}

/** The slot is freed again by the settlement, and by the reconciler. */
export const slotNotReleased = (taskId: string, cause: unknown): void =>
  log('warn', 'slot.not_released', { taskId, cause });
