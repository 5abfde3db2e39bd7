import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import { updateExpression } from '../../../../functions/adapters/aws/dynamodb/update.ts';

test('an update names every attribute by a placeholder and declares only what it uses', () => {
  expect(
    updateExpression({
      set: { status: 'processing', 'limits.tasksInFlight': 5, absent: undefined },
      setOnce: { startedAt: 7 },
      add: { busyCount: 1 },
      remove: ['lockOwner'],
      conditions: ['#status = :pending', '#submitLockedAt = :lockedAt'],
      values: { pending: 'pending', lockedAt: 3, unused: 'unused' },
    }),
  ).toEqual({
    UpdateExpression:
      'SET #status = :status, #limits.#tasksInFlight = :limits_tasksInFlight, #startedAt = if_not_exists(#startedAt, :startedAt) REMOVE #lockOwner ADD #busyCount :busyCount',
    ConditionExpression: '#status = :pending AND #submitLockedAt = :lockedAt',
    ExpressionAttributeNames: {
      '#status': 'status',
      '#limits': 'limits',
      '#tasksInFlight': 'tasksInFlight',
      '#startedAt': 'startedAt',
      '#lockOwner': 'lockOwner',
      '#busyCount': 'busyCount',
      '#submitLockedAt': 'submitLockedAt',
    },
    ExpressionAttributeValues: marshall({
      ':status': 'processing',
      ':limits_tasksInFlight': 5,
      ':startedAt': 7,
      ':busyCount': 1,
      ':pending': 'pending',
      ':lockedAt': 3,
    }),
  });
});

test('an attribute gets the value that another has before the update', () => {
  expect(updateExpression({ copy: { previous: 'newest' }, set: { newest: 'b' } })).toEqual({
    UpdateExpression: 'SET #previous = #newest, #newest = :newest',
    ExpressionAttributeNames: { '#previous': 'previous', '#newest': 'newest' },
    ExpressionAttributeValues: marshall({ ':newest': 'b' }),
  });
});

test('an attribute whose name is not allowed in an expression gets a placeholder of its own', () => {
  expect(
    updateExpression({
      set: { 'slots.task.held': true },
      add: { virtualTime: -5 },
      remove: ['queued.queue'],
      conditions: ['attribute_exists(#slots.#task)'],
      names: { task: 'task-unified-1-a', queue: 'fal#0' },
    }),
  ).toEqual({
    UpdateExpression:
      'SET #slots.#task.#held = :slots_task_held REMOVE #queued.#queue ADD #virtualTime :virtualTime',
    ConditionExpression: 'attribute_exists(#slots.#task)',
    ExpressionAttributeNames: {
      '#slots': 'slots',
      '#task': 'task-unified-1-a',
      '#held': 'held',
      '#queued': 'queued',
      '#queue': 'fal#0',
      '#virtualTime': 'virtualTime',
    },
    ExpressionAttributeValues: marshall({ ':slots_task_held': true, ':virtualTime': -5 }),
  });
});

test('null removes an attribute, and an update without values declares none', () => {
  expect(updateExpression({ set: { totalLimit: null } })).toEqual({
    UpdateExpression: 'REMOVE #totalLimit',
    ExpressionAttributeNames: { '#totalLimit': 'totalLimit' },
  });
});

test('values are declared once when several placeholders share a name', () => {
  const { ExpressionAttributeValues } = updateExpression({
    set: { provider: 'fal' },
    conditions: ['#provider = :provider', '#lockOwner <> :provider'],
  });

  expect(ExpressionAttributeValues).toEqual(marshall({ ':provider': 'fal' }));
});
