import { expect, test } from 'vitest';
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
