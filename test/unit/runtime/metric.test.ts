import { afterAll, expect, test, vi } from 'vitest';
import { lines } from './lines.ts';

// The dimension is read when the module is.
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'Darkroom-prod');
afterAll(() => vi.unstubAllEnvs());
const { count, measure } = await import('../../../functions/runtime/metric.ts');

const written = lines();
const linesOf = (deed: () => void) => {
  const before = written.text().length;
  deed();
  return written.text().slice(before).trim().split('\n').filter(Boolean);
};

test('a count is one log line that CloudWatch turns into a number', () => {
  count('UnknownSubmit');

  expect(written.last()).toMatchObject({
    UnknownSubmit: 1,
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Darkroom', Metrics: [{ Name: 'UnknownSubmit', Unit: 'Count' }] },
      ],
    },
  });
});

test('its one dimension is the stack, so that two in one account are told apart', () => {
  count('UnknownSubmit');

  expect(written.last()).toMatchObject({
    service: 'Darkroom-prod',
    _aws: { CloudWatchMetrics: [{ Dimensions: [['service']] }] },
  });
});

test('two counts are two lines, so that none is lost with its function', () => {
  const said = linesOf(() => {
    count('UnknownSubmit');
    count('UnknownSubmit');
  });

  expect(said).toHaveLength(2);
});

test('all numbers of one event are one line, and its code is a field that costs no metric', () => {
  const said = linesOf(() =>
    measure({
      numbers: [
        ['TaskFailed', 'Count', 1],
        ['TaskSeconds', 'Seconds', 12.5],
      ],
      code: 'generation_timeout',
    }),
  );

  expect(said).toHaveLength(1);
  expect(written.last()).toMatchObject({
    ...{ TaskFailed: 1, TaskSeconds: 12.5, code: 'generation_timeout' },
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

test('a code does not stick to the next line', () => {
  measure({ numbers: [['TaskFailed', 'Count', 1]], code: 'service_error' });
  count('UnknownSubmit');

  expect(written.last()).not.toHaveProperty('code');
});

test('nothing to measure is no line', () => {
  expect(linesOf(() => measure({ numbers: [] }))).toEqual([]);
});
