import { describe, expect, test } from 'vitest';
import { dayIn, hashOfKey, keyIdOf } from '../../../../functions/domain/model/api-key.ts';

const at = (iso: string) => Date.parse(iso);

test('a key is stored as its SHA-256, and its id is the beginning of it', () => {
  const hash = hashOfKey('abc');

  expect(hash).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(keyIdOf(hash)).toBe('key-ba7816bf8f01cfea');
});

describe('the day of a moment', () => {
  test.each([
    ['UTC', '2026-11-22'],
    ['Asia/Shanghai', '2026-11-23'],
    ['Asia/Kathmandu', '2026-11-22'],
    ['Pacific/Kiritimati', '2026-11-23'],
    ['Pacific/Niue', '2026-11-22'],
    ['America/New_York', '2026-11-22'],
    ['+08:00', '2026-11-23'],
  ])('is in %s the local one', (timeZone, day) => {
    expect(dayIn(timeZone, at('2026-11-22T18:00:00Z'))).toBe(day);
  });

  test.each([
    ['UTC', '2026-11-22T23:59:59.999Z', '2026-11-22'],
    ['UTC', '2026-11-23T00:00:00.000Z', '2026-11-23'],
    ['UTC', '2026-12-31T23:59:59.999Z', '2026-12-31'],
    ['UTC', '2027-01-01T00:00:00.000Z', '2027-01-01'],
    ['UTC', '2028-02-29T12:00:00.000Z', '2028-02-29'],
    ['Asia/Shanghai', '2026-11-22T15:59:59.999Z', '2026-11-22'],
    ['Asia/Shanghai', '2026-11-22T16:00:00.000Z', '2026-11-23'],
    ['Asia/Kathmandu', '2026-11-22T18:14:59.999Z', '2026-11-22'],
    ['Asia/Kathmandu', '2026-11-22T18:15:00.000Z', '2026-11-23'],
  ])('changes in %s at midnight: %s is %s', (timeZone, moment, day) => {
    expect(dayIn(timeZone, at(moment))).toBe(day);
  });

  // In Cairo the hour after midnight is skipped in spring and repeated in autumn.
  test.each([
    ['Europe/Berlin', 'before the clocks go forward', '2026-03-28T22:59:59.999Z', '2026-03-28'],
    ['Europe/Berlin', 'before the clocks go forward', '2026-03-28T23:00:00.000Z', '2026-03-29'],
    ['Europe/Berlin', 'after the clocks went forward', '2026-03-29T21:59:59.999Z', '2026-03-29'],
    ['Europe/Berlin', 'after the clocks went forward', '2026-03-29T22:00:00.000Z', '2026-03-30'],
    ['Europe/Berlin', 'before the clocks go back', '2026-10-24T22:00:00.000Z', '2026-10-25'],
    ['Europe/Berlin', 'after the clocks went back', '2026-10-25T22:59:59.999Z', '2026-10-25'],
    ['Europe/Berlin', 'after the clocks went back', '2026-10-25T23:00:00.000Z', '2026-10-26'],
    ['Africa/Cairo', 'before its midnight is left out', '2026-04-23T21:59:59.999Z', '2026-04-23'],
    ['Africa/Cairo', 'after its midnight was left out', '2026-04-23T22:00:00.000Z', '2026-04-24'],
    ['Africa/Cairo', 'in its last hour for the second time', '2026-10-29T21:30:00Z', '2026-10-29'],
    ['Africa/Cairo', 'after that hour', '2026-10-29T22:00:00.000Z', '2026-10-30'],
  ])('is in %s, %s, at %s: %s', (timeZone, _when, moment, day) => {
    expect(dayIn(timeZone, at(moment))).toBe(day);
  });

  test('starts again once a day, also when the clocks are changed', () => {
    const hours = Array.from(
      { length: 366 * 24 },
      (_, hour) => at('2027-12-31T23:00Z') + hour * 3.6e6,
    );

    const days = hours.map((hour) => dayIn('Europe/Berlin', hour));

    expect(days.slice(0, -1).filter((day, index) => day > (days[index + 1] ?? ''))).toEqual([]);
    expect(new Set(days).size).toBe(366);
  });
});
