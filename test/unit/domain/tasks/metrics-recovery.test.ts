import { expect, test } from 'vitest';
import { executionEndMetric } from '../../../../functions/domain/tasks/ensure-workflow.ts';
import { recoveryMetrics } from '../../../../functions/domain/tasks/reconcile.ts';

test('each reason of a recovery has a metric of its own', () => {
  expect(recoveryMetrics).toEqual({
    unstarted: 'UnstartedTask',
    'upload-event-lost': 'UploadEventLost',
    'pictures-left': 'UnfinishedDeletion',
    'uploads-expired': 'UploadsExpired',
    'past-deadline': 'TaskPastDeadline',
    unwatched: 'DeadExecution',
    undelivered: 'PendingCallback',
  });
});

test('an execution that ended counts as dead only when the task got the next one at once', () => {
  expect(executionEndMetric('restarted')).toBe('DeadExecution');
  for (const end of ['alive', 'started', 'postponed', 'settled', 'unknown'] as const) {
    expect(executionEndMetric(end)).toBeUndefined();
  }
});
