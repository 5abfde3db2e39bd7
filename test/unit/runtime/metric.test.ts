import { expect, test } from 'vitest';
import { count } from '../../../functions/runtime/metric.ts';
import { lines } from './lines.ts';

const written = lines();

test('a count is one log line that CloudWatch turns into a number', () => {
  count('UnknownSubmit');

  expect(written.last()).toMatchObject({
    UnknownSubmit: 1,
    service: 'darkroom',
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Darkroom', Metrics: [{ Name: 'UnknownSubmit', Unit: 'Count' }] },
      ],
    },
  });
});

test('two counts are two lines, so that none is lost with its function', () => {
  const before = written.text().length;

  count('UnknownSubmit');
  count('UnknownSubmit');

  expect(written.text().slice(before).trim().split('\n')).toHaveLength(2);
});
