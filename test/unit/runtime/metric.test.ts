import { afterAll, expect, test, vi } from 'vitest';
import { testAccountOf } from '../../../functions/domain/model/mode.ts';
import { lines } from './lines.ts';

// The dimension is read when the module is loaded.
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'Darkroom-prod');
afterAll(() => vi.unstubAllEnvs());
const { countMetric, countSlotMetric, countTaskMetric, emitMetrics, emitTaskMetrics } =
  await import('../../../functions/runtime/metric.ts');

const written = lines();
const linesOf = (operation: () => void) => {
  const before = written.text().length;
  operation();
  return written.text().slice(before).trim().split('\n').filter(Boolean);
};

test('a count is one log line that CloudWatch turns into a number', () => {
  countMetric('ReconcilerFailure');

  expect(written.last()).toMatchObject({
    ReconcilerFailure: 1,
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Darkroom', Metrics: [{ Name: 'ReconcilerFailure', Unit: 'Count' }] },
      ],
    },
  });
});

test('its one dimension is the stack, so that two stacks in one account have metrics of their own', () => {
  countMetric('ReconcilerFailure');

  expect(written.last()).toMatchObject({
    service: 'Darkroom-prod',
    _aws: { CloudWatchMetrics: [{ Dimensions: [['service']] }] },
  });
});

test('two counts are two lines, so that none is lost when the function dies', () => {
  const added = linesOf(() => {
    countMetric('ReconcilerFailure');
    countMetric('ReconcilerFailure');
  });

  expect(added).toHaveLength(2);
});

test('all numbers of one event are in one line, and its code is a field and no dimension', () => {
  const added = linesOf(() =>
    emitMetrics({
      numbers: [
        ['TaskFailed', 'Count', 1],
        ['TaskSeconds', 'Seconds', 12.5],
      ],
      code: 'generation_timeout',
    }),
  );

  expect(added).toHaveLength(1);
  expect(written.last()).toMatchObject({
    TaskFailed: 1,
    TaskSeconds: 12.5,
    code: 'generation_timeout',
    _aws: {
      CloudWatchMetrics: [
        {
          Dimensions: [['service']],
          Metrics: [
            { Name: 'TaskFailed', Unit: 'Count' },
            { Name: 'TaskSeconds', Unit: 'Seconds' },
          ],
        },
      ],
    },
  });
});

test('the code of one event is not in the next line', () => {
  emitMetrics({ numbers: [['TaskFailed', 'Count', 1]], code: 'service_error' });
  countMetric('ReconcilerFailure');

  expect(written.last()).not.toHaveProperty('code');
});

test('no numbers are no line', () => {
  expect(linesOf(() => emitMetrics({ numbers: [] }))).toEqual([]);
});

test('a test task adds nothing to any metric, and a live one does', () => {
  const numbers = [['TaskFailed', 'Count', 1]] as const;
  const linesAbout = (account: string, pool: string) =>
    linesOf(() => {
      countTaskMetric({ account }, 'UnknownSubmit');
      emitTaskMetrics({ account }, { numbers });
      countSlotMetric(pool, 'ReclaimedSlot');
    });

  expect(linesAbout('default', 'fal')).toHaveLength(3);
  expect(linesAbout(testAccountOf('default'), 'sandbox')).toEqual([]);
});
