import { afterAll, expect, test, vi } from 'vitest';
import { lines } from './lines.ts';

// The dimension is read when the module is loaded.
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'Darkroom-prod');
afterAll(() => vi.unstubAllEnvs());
const { countMetric, emitMetrics } = await import('../../../functions/runtime/metric.ts');

const written = lines();
const linesOf = (operation: () => void) => {
  const before = written.text().length;
  operation();
  return written.text().slice(before).trim().split('\n').filter(Boolean);
};

test('a count is one log line that CloudWatch turns into a number', () => {
  countMetric('UnknownSubmit');

  expect(written.last()).toMatchObject({
    UnknownSubmit: 1,
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Darkroom', Metrics: [{ Name: 'UnknownSubmit', Unit: 'Count' }] },
      ],
    },
  });
});

test('its one dimension is the stack, so that two stacks in one account have metrics of their own', () => {
  countMetric('UnknownSubmit');

  expect(written.last()).toMatchObject({
    service: 'Darkroom-prod',
    _aws: { CloudWatchMetrics: [{ Dimensions: [['service']] }] },
  });
});

test('two counts are two lines, so that none is lost when the function dies', () => {
  const added = linesOf(() => {
    countMetric('UnknownSubmit');
    countMetric('UnknownSubmit');
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
  countMetric('UnknownSubmit');

  expect(written.last()).not.toHaveProperty('code');
});

test('no numbers are no line', () => {
  expect(linesOf(() => emitMetrics({ numbers: [] }))).toEqual([]);
});
