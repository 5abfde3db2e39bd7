import { describe, expect, test } from 'vitest';
import { route } from '../../../../functions/api/wait-for-task/route.ts';
import {
  preferenceApplied,
  preferredWaitSeconds,
  waitPath,
} from '../../../../functions/domain/wire/prefer.ts';
import { sampleId } from '../../../support/tasks.ts';

describe('the header Prefer', () => {
  test.each([
    ['wait=1', 1],
    ['wait=20', 20],
    ['wait=25', 25],
    ['Wait = 7', 7],
    ['wait="7"', 7],
    ['respond-async, wait=10', 10],
    ['wait=10; strict, return=minimal', 10],
    ['return=minimal,wait=10,wait=20', 10],
  ])('%j asks for a wait of %i seconds', (prefer, seconds) => {
    expect(preferredWaitSeconds(prefer, 'GET')).toBe(seconds);
  });

  test.each(['wait=26', 'wait=60', 'wait=999999999'])(
    '%j asks for the longest wait that there is',
    (prefer) => {
      expect(preferredWaitSeconds(prefer, 'GET')).toBe(25);
    },
  );

  test.each([undefined, '', 'wait', 'wait=', 'wait=0', 'wait=-1', 'wait=1.5', 'wait=soon'])(
    '%j asks for no wait, and is no error',
    (prefer) => {
      expect(preferredWaitSeconds(prefer, 'GET')).toBeUndefined();
    },
  );

  test.each(['await=5', 'xwait=5', 'return=minimal', 'wait=5x', '5'])(
    '%j is another preference',
    (prefer) => {
      expect(preferredWaitSeconds(prefer, 'GET')).toBeUndefined();
    },
  );
});

test('HEAD never waits, since it asks for headers alone', () => {
  expect(preferredWaitSeconds('wait=20', 'HEAD')).toBeUndefined();
});

test('Preference-Applied says for how long, and only after a wait', () => {
  expect(preferenceApplied(20)).toEqual({ 'preference-applied': 'wait=20' });
  expect(preferenceApplied(undefined)).toEqual({});
});

test('the path to wait at is that of the route, and its query is one that the route takes', () => {
  const place = '3-1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b';
  const url = new URL(waitPath(sampleId, { seconds: 20, place }), 'https://example.com');

  expect(url.pathname).toBe(route.path.replace('{task_id}', sampleId));
  expect(route.query?.parse(Object.fromEntries(url.searchParams))).toEqual({ seconds: 20, place });
});

test.each(['0', '26', '-1', '1.5', '', 'x', '1e1'])(
  'the route takes no wait of %j seconds',
  (seconds) => {
    expect(route.query?.safeParse({ seconds }).success).toBe(false);
  },
);
